"""A tenant of 100,000 orders and 20,000 of each other noun, for what reading costs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import md5

import asyncpg

from db.engine import Database
from db.seed.bare import Bare
from db.seed.staging import UNCOUNTED
from db.tenancy import TenantId
from tests.support.database import Dsns
from tests.support.explaining import Bench
from tests.support.plant import as_runtime, connected

BIG, SMALL = TenantId("00000000000070008000000000000b16"), TenantId("00000000000070008000000000005a11")
ORDERS, OTHERS, PAGE = 100_000, 20_000, 50
MUCH = 300
"""Buffers: an index descent and a page of scattered rows take under this; what grows with the tenant takes more."""
MANY, FEW = (md5(name.encode(), usedforsecurity=False).hexdigest() for name in ("h7", "few"))
"""Who made 2,000 orders and is assigned 1,500, and who made three."""
BULK = """
INSERT INTO customers SELECT $1::uuid, md5('c' || n)::uuid, 'Customer ' || n, 'customer ' || n, n || '@x.example',
    'Köln', 'DE', null, null, 1, now() - (n * 7919 % 99991) * interval '1 minute', now() - n * interval '1 second'
    FROM generate_series(1, $3::int) AS n;
INSERT INTO orders SELECT $1::uuid, md5('o' || n)::uuid, '260314-' || lpad(n::text, 7, '0'),
    (ARRAY['PENDING', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED'])[1 + n % 7],
    md5('c' || 1 + n % 1000)::uuid, 'EUR', (n * 7919::bigint) % 100003, null,
    CASE WHEN n % 3 = 0 THEN now() + (n % 9973) * interval '1 minute' END,
    CASE WHEN n % 33333 = 0 THEN md5('few')::uuid ELSE md5('h' || n % 50)::uuid END,
    CASE WHEN n % 4 > 0 THEN md5('h' || n / 50 % 50)::uuid END, 1,
    now() - (n * 104729::bigint % 99991) * interval '1 minute', now() - n * interval '1 second'
    FROM generate_series(1, $2::int) AS n;
INSERT INTO order_terms SELECT $1::uuid, md5('o' || n)::uuid, 0, 'common' FROM generate_series(1, $2::int) AS n;
INSERT INTO order_terms SELECT $1::uuid, md5('o' || n)::uuid, 0, 'rare' FROM generate_series(1, $2::int, 20000) AS n;
"""
OTHER_NOUNS = """
INSERT INTO products SELECT $1::uuid, md5('p' || n)::uuid, 'SKU-' || n, 'Product ' || n, 'product ' || n,
    n * 7919 % 10007, 'EUR', 1, now() - (n * 7919 % 99991) * interval '1 minute', now() - n * interval '1 second'
    FROM generate_series(1, $3::int) AS n;
INSERT INTO announcements SELECT $1::uuid, md5('a' || n)::uuid, 'NOTICE', 'Notice ' || n, null, 1,
    now() - (n * 7919 % 99991) * interval '1 minute', now() - n * interval '1 second'
    FROM generate_series(1, $3::int) AS n;
"""


async def _fill(dsns: Dsns) -> None:
    async with connected(dsns.owner, BIG) as connection, connection.transaction():
        await connection.execute(UNCOUNTED)  # nothing here asks for an overview
        bare = await Bare.make(connection)
        await _run(connection, BULK, BIG, ORDERS, OTHERS)
        await bare.undo(connection)
        await _run(connection, OTHER_NOUNS, BIG, ORDERS, OTHERS)
    async with connected(dsns.owner, SMALL) as connection, connection.transaction():
        await connection.execute(UNCOUNTED)
        await _run(connection, BULK, SMALL, 2_000, 1_000)
    async with connected(dsns.owner) as connection:
        await connection.execute("VACUUM ANALYZE")


async def _run(connection: asyncpg.Connection, sql: str, tenant: TenantId, orders: int, others: int) -> None:
    filled = sql.replace("$1", f"'{tenant.hex}'").replace("$2", str(orders)).replace("$3", str(others))
    await connection.execute(filled)


@asynccontextmanager
async def open_bench(dsns: Dsns) -> AsyncIterator[Bench]:
    """Fill the database, and measure on the large tenant as the runtime role."""
    await _fill(dsns)
    database = await Database.open(dsns.runtime, size=2, directory_size=1)
    async with as_runtime(dsns, BIG) as connection:
        await connection.execute("SET jit = off")
        yield Bench(database, connection, BIG)
    await database.close()
