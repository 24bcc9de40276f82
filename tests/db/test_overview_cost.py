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
LOG = """
INSERT INTO event_log (tenant_id, seq, ts, type, entity, entity_id, version, before, after, tally)
SELECT $1, seq, now() - (20256 - seq) * interval '9 seconds', 'order.updated', 'order', $1, 2,
    order_image || '{"status": "PENDING"}', order_image || '{"status": "SHIPPED"}', true
FROM generate_series(1, 20256) AS seq, LATERAL (SELECT jsonb_build_object(
    'created_at', '2026-10-31T12:00:00+00:00', 'currency', 'EUR', 'total', 5, 'notes', repeat('x', 300)
)) AS made (order_image)
"""
HEADS = """
INSERT INTO event_heads SELECT tenant_id, seq, ts FROM event_log ORDER BY seq DESC LIMIT 1;
INSERT INTO folded_heads SELECT tenant_id, seq, ts FROM event_log WHERE seq = 20000
"""
"""A log of two days and more, of which all is in the sums but as many entries as there ever are."""


@pytest.fixture(scope="module")
async def bench(server: Server) -> AsyncIterator[Bench]:
    name = uuid4().hex
    dsns = await server.create(name)
    async with connected(dsns.owner, MINE) as owner:
        for statement in (HOURS, LOG, HEADS):
            await owner.execute(statement.replace("$1", f"'{MINE.hex}'::uuid"))
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
async def test_an_overview_reads_the_hours_of_its_days_and_the_newest_entries_of_the_log_and_no_order(
    bench: Bench, days: int, most: int, minutes: int, generic: bool
) -> None:
    bounds = [NOW - timedelta(days=days - place, minutes=minutes) for place in range(days + 1)]
    found = await order_sums(bench.reader, bounds)
    assert len(found.sums) == 3 * days + 2
    newest = {(each.status, each.orders, each.total) for each in found.sums if each.orders not in {72, 3}}
    assert newest == {("PENDING", -256, -1280), ("SHIPPED", 256, 1280)}
    plans = await bench.plans(generic=generic)
    tables = {name for name in tables_in(plans) if not name.startswith("event_log_")}
    assert tables == {"order_hours", "event_heads", "identity_head", "folded_heads"}
    assert "pk_order_hours" in indexes_in(plans)
    buffers = sum(int(str(plan["Shared Hit Blocks"])) + int(str(plan["Shared Read Blocks"])) for plan in plans)
    assert buffers < most * (4 if minutes else 1) + 2 * 100
