"""What an overview costs: it grows with the days that are asked for, not with the orders that were ever made."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from db.engine import Database
from db.overview import order_sums
from tests.support.database import Server
from tests.support.explaining import Bench, indexes_in, tables_in
from tests.support.plant import MINE, as_runtime, connected

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = """
INSERT INTO order_hours (tenant_id, hour, currency, status, orders_00, total_45)
SELECT $1, hour, 'EUR', status, 3, 1000
FROM generate_series(timestamptz '2024-11-01Z', '2026-10-31T23:00:00Z', interval '1 hour') AS hour,
    unnest(ARRAY['DELIVERED', 'CANCELLED', 'REFUNDED']) AS status
ORDER BY hour
"""
"""Two years in which something was ordered every hour: 52,560 rows."""


@pytest.fixture(scope="module")
async def bench(server: Server) -> AsyncIterator[Bench]:
    name = uuid4().hex
    dsns = await server.create(name)
    async with connected(dsns.owner, MINE) as owner:
        await owner.execute(HOURS.replace("$1", f"'{MINE.hex}'"))
        await owner.execute("VACUUM ANALYZE")
    database = await Database.open(dsns.runtime, size=2, directory_size=1)
    async with as_runtime(dsns, MINE) as connection:
        await connection.execute("SET jit = off")
        yield Bench(database, connection, MINE)
    await database.close()
    await server.drop(name)


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("minutes", [0, 30], ids=["full hours", "half hours"])
@pytest.mark.parametrize(("days", "most"), [(1, 100), (30, 400), (400, 2_000)])
async def test_an_overview_reads_the_hours_of_its_days_and_no_order(
    bench: Bench, days: int, most: int, minutes: int, generic: bool
) -> None:
    bounds = [NOW - timedelta(days=days - place, minutes=minutes) for place in range(days + 1)]
    found = await order_sums(bench.reader, bounds)
    assert len(found.sums) == 3 * days
    plans = await bench.plans(generic=generic)
    assert tables_in(plans) == {"order_hours", "event_heads", "identity_head"}
    assert "pk_order_hours" in indexes_in(plans)
    buffers = sum(int(str(plan["Shared Hit Blocks"])) + int(str(plan["Shared Read Blocks"])) for plan in plans)
    assert buffers < most * (4 if minutes else 1)
