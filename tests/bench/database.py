"""The database that is measured: an embedded, durable PostgreSQL that is made once and kept for later runs.

One server under ``.tidegate/bench``, on it a database for each size. Reading never changes a row; what writes are
measured on is a database of its own, made afresh each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from auth.permissions import SYSTEM_ROLES
from db.codecs import set_codecs
from db.embedded import Embedded
from db.migrations.run import upgrade
from db.seed import seed
from tests.bench.tenants import Tenant
from tests.support.database import Dsns
from web.cli.progress import shown_progress

FOLDER = Path(".tidegate/bench")
ORDERS, TENANTS = 1_000_000, 20
DEPTH = 0.4
"""How far down its list the deep page of a tenant begins: the 200,000th order of the largest of a million."""
SAMPLE = 200


@contextmanager
def running_server(folder: Path = FOLDER) -> Iterator[Embedded]:
    """The server, for as long as the block runs."""
    server = Embedded.start(folder, durable=True)
    try:
        yield server
    finally:
        server.stop()


def dsns_of(server: Embedded) -> Dsns:
    return Dsns(server.owner_dsn, server.runtime_dsn, server.superuser_dsn)


async def ready_database(dsns: Dsns, name: str, orders: int, *, tenants: int = TENANTS, afresh: bool = False) -> Dsns:
    """A migrated database with that many orders; made when it is missing, completed when a seed was cut short."""
    control = await asyncpg.connect(dsns.superuser)
    try:
        if afresh:
            await control.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if not await control.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await control.execute(f'CREATE DATABASE "{name}" OWNER tidegate_owner')
    finally:
        await control.close()
    found = dsns.of(name)
    await upgrade(found.owner, runtime_login=found.runtime_login)
    with shown_progress() as progress:
        await seed(found.owner, orders=orders, tenants=tenants, roles=SYSTEM_ROLES, progress=progress)
    return found


async def tenants_of(dsns: Dsns) -> list[Tenant]:
    """All tenants, the largest first."""
    connection = await asyncpg.connect(dsns.superuser)
    try:
        await set_codecs(connection)
        rows = await connection.fetch(_TENANTS)
        return [await _tenant(connection, row) for row in rows]
    finally:
        await connection.close()


async def _tenant(connection: asyncpg.Connection, row: asyncpg.Record) -> Tenant:
    deep = await connection.fetchrow(_AT, row["id"], int(row["orders"] * DEPTH))
    assert deep is not None
    sample = await connection.fetch(_SAMPLE, row["id"], max(1, row["orders"] // SAMPLE))
    ids = tuple(each["id"] for each in sample)
    return Tenant(row["id"], row["slug"], row["orders"], row["user_id"], (deep["created_at"], deep["id"]), ids)


_TENANTS = """
SELECT t.id, t.slug, o.orders, u.id AS user_id
FROM tenants AS t
JOIN (SELECT tenant_id, count(*) AS orders FROM orders GROUP BY tenant_id) AS o ON o.tenant_id = t.id
JOIN users AS u ON u.email = 'admin@' || t.slug || '.example'
ORDER BY o.orders DESC, t.slug
"""
_AT = """
SELECT created_at, id FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2 LIMIT 1
"""
_SAMPLE = """
SELECT id FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM orders WHERE tenant_id = $1
) AS placed WHERE place % $2 = 0
"""
