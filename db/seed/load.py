"""Puts planned tenants into the database.

One transaction a tenant: after a kill, each is there whole or not at all.
"""

import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from db.seed import staging
from db.seed.catalog import product_rows
from db.seed.hands import A_THREAD, Hands
from db.seed.orders import order_batches, order_rows
from db.seed.parties import customer_batches, customer_rows, staff_of
from db.seed.plan import TenantPlan
from db.tables import TENANT_SETTING

Roles = Mapping[str, Sequence[str]]
"""System roles that every tenant gets: name and permissions."""
Founding = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""The same, each with what its members may be elevated to."""
LOADING = 0x7469_6465_6C6F_6164
"""The advisory lock that every loading transaction shares."""
SESSION = {
    "application_name": "tidegate-seed",
    "synchronous_commit": "off",
    "jit": "off",
    "work_mem": "64MB",
    "temp_buffers": "64MB",
}
"""A lost commit of a seed is only a tenant to be seeded again."""


@dataclass(frozen=True, slots=True)
class TenantMade:
    """What went in for one tenant, in rows."""

    slug: str
    name: str
    users: int
    customers: int
    products: int
    orders: int
    items: int


async def load_tenant(
    connection: asyncpg.Connection,
    plan: TenantPlan,
    roles: Founding,
    made: Callable[[int], None],
    hands: Hands = A_THREAD,
) -> TenantMade:
    """Insert everything of one tenant and commit; ``made`` is told each number of orders as they go in."""
    tenant, priced = (plan.tenant_id,), (plan.tenant_id, plan.currency)
    orders = items = 0
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", LOADING)
        await connection.execute("SELECT set_config($1, $2, true)", TENANT_SETTING, plan.tenant_id)
        await connection.execute(staging.UNCOUNTED)
        await connection.execute(staging.STAGING)
        await _found(connection, plan, roles)
        await _copy(connection, "seed_products", product_rows(plan))
        await connection.execute("ANALYZE seed_products")
        products = await _insert(connection, staging.PRODUCTS, priced)
        await _insert(connection, staging.PRODUCT_TERMS, tenant)
        customers = 0
        async for _ in _staged(
            connection, "seed_customers", hands.batches(customer_rows, plan, customer_batches(plan))
        ):
            customers += await _insert(connection, staging.CUSTOMERS, tenant)
            await _insert(connection, staging.CUSTOMER_TERMS, tenant)
        async for _ in _staged(connection, "seed_orders", hands.batches(order_rows, plan, order_batches(plan))):
            count = await _insert(connection, staging.ORDERS, priced)
            items += await _insert(connection, staging.ORDER_ITEMS, priced)
            await _insert(connection, staging.ORDER_TERMS, tenant)
            await _insert(connection, staging.ORDER_HOURS, priced)
            orders += count
            made(count)
    return TenantMade(plan.slug, plan.name, plan.staff, customers, products, orders, items)


async def _found(connection: asyncpg.Connection, plan: TenantPlan, roles: Founding) -> None:
    """The tenant itself, its roles and staff, and the head of its log."""
    born = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=plan.born_ms)
    users = staff_of(plan)
    tenant = plan.tenant_id
    await connection.execute(staging.TENANT, tenant, plan.slug, plan.name, born)
    given = [(tenant, name, list(grants), list(more), born) for name, (grants, more) in roles.items()]
    await connection.executemany(staging.ROLE, given)
    await connection.executemany(staging.USER, [(user.id, user.email, user.name, born) for user in users])
    await connection.executemany(staging.MEMBERSHIP, [(tenant, user.id, born) for user in users])
    await connection.executemany(staging.MEMBER_ROLE, [(tenant, user.id, user.role) for user in users])
    await connection.execute(staging.HEAD, tenant, born)


async def _staged(connection: asyncpg.Connection, table: str, batches: AsyncIterator[bytes]) -> AsyncIterator[None]:
    """Fill the staging table batch by batch."""
    async for data in batches:
        await connection.execute(f"TRUNCATE {table}")
        await _copy(connection, table, data)
        yield


async def _copy(connection: asyncpg.Connection, table: str, data: bytes) -> None:
    await connection.copy_to_table(table, source=io.BytesIO(data), format="text")


async def _insert(connection: asyncpg.Connection, statement: str, values: tuple[str, ...]) -> int:
    """How many rows the statement made."""
    return int((await connection.execute(statement, *values)).rpartition(" ")[2])
