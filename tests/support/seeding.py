"""Small seeded databases, and a look at what lies in one."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from db.seed import SeedReport, seed
from tests.support.database import Dsns

ROLES = {"admin": ["orders:*"], "manager": ["orders:write"], "viewer": ["orders:read"], "partner": ["orders:read"]}
ORDERS, TENANTS = 1_200, 3
_TABLES = (
    *("tenants", "users", "roles", "memberships", "member_roles", "event_heads", "customers"),
    *("customer_terms", "products", "product_terms", "orders", "order_items", "order_terms", "order_hours"),
)


async def make_small_seed(dsns: Dsns, number: int = 1) -> SeedReport:
    return await seed(dsns.owner, orders=ORDERS, tenants=TENANTS, roles=ROLES, seed=number)


@asynccontextmanager
async def reading(dsn: str, tenant: str | None = None, role: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may carry a tenant (its slug) and a role."""
    connection = await asyncpg.connect(dsn)
    try:
        if tenant is not None:
            found = await connection.fetchval("SELECT id::text FROM tenants WHERE slug = $1", tenant)
            await connection.execute("SELECT set_config('tidegate.tenant', $1, false)", found)
        if role is not None:
            await connection.execute(f"SET ROLE {role}")
        yield connection
    finally:
        await connection.close()


async def fingerprint(dsns: Dsns) -> str:
    """All rows of all tenants, as one digest."""
    digest = hashlib.sha256()
    async with reading(dsns.owner) as connection:
        for tenant in await connection.fetch("SELECT id::text FROM tenants ORDER BY id"):
            await connection.execute("SELECT set_config('tidegate.tenant', $1, false)", tenant["id"])
            for table in _TABLES:
                rows = await connection.fetchval(f"SELECT string_agg(t::text, '|' ORDER BY t::text) FROM {table} AS t")
                digest.update(rows.encode())
    return digest.hexdigest()


async def ask(dsns: Dsns, sql: str, tenant: str = "acme") -> Any:  # Any: whatever the statement answers
    async with reading(dsns.owner, tenant) as connection:
        return await connection.fetchval(sql)
