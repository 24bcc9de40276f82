"""What a page of the trail costs on a tenant of 60,000 records over months, in shared buffers, as the runtime role."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from db.audit import LISTING
from db.engine import Database
from db.filters import All, Condition, Test
from db.listings import page_of
from db.pages import PageRequest, SortKey
from db.tenancy import TenantId
from tests.support.database import Server
from tests.support.explaining import Bench
from tests.support.plant import as_runtime, connected

BIG = TenantId("00000000000070008000000000000b16")
RECORDS, PAGE, MUCH = 60_000, 50, 300
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MONTHS = """
CREATE TABLE audit_log_{0} PARTITION OF audit_log FOR VALUES FROM ('{1}') TO ('{2}');
ALTER TABLE audit_log_{0} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
"""
BULK = """
INSERT INTO audit_log (tenant_id, id, created_at, kind, action, outcome, actor_id, operation_name, entity, entity_id)
SELECT $1::text::uuid, md5('a' || n)::uuid, $2::timestamptz - n * interval '1 minute', 'MUTATION',
    CASE WHEN n % 5000 = 7 THEN 'rare' ELSE 'updateOrder' END, CASE WHEN n % 5000 = 9 THEN 'DENIED' ELSE 'ALLOWED' END,
    md5('u' || n % 500)::uuid, CASE WHEN n % 5000 = 11 THEN 'Rare' ELSE 'Common' END,
    CASE WHEN n % 5000 = 13 THEN 'product' ELSE 'order' END, 'ord_' || md5('o' || n % 6000)
FROM generate_series(1, $3::int) AS n
"""
FILTERS: dict[str, Condition | None] = {
    "nothing": None,
    "actor": Test("actor_id", "eq", "3ca5b9ebda3fae4b7c0db8a58a4f7b0a"),
    "action": Test("action", "eq", "rare"),
    "outcome": Test("outcome", "eq", "DENIED"),
    "operation": Test("operation_name", "eq", "Rare"),
    "entity": Test("entity", "eq", "product"),
    "row": All([Test("entity_id", "eq", "ord_0"), Test("changes", "is_null", False)]),
    "time": Test("created_at", "lt", NOW - timedelta(days=30)),
}


@pytest.fixture(scope="module")
async def bench(server: Server) -> AsyncIterator[Bench]:
    name = uuid4().hex
    dsns = await server.create(name)
    async with connected(dsns.owner, BIG) as connection:
        for month, first, after in (("202609", "2026-09-01Z", "2026-10-01Z"), ("202610", "2026-10-01Z", "2026-11-01Z")):
            await connection.execute(MONTHS.format(month, first, after))
        await connection.execute(BULK, BIG.hex, NOW, RECORDS)
        await connection.execute("VACUUM ANALYZE audit_log")
    database = await Database.open(dsns.runtime, size=2, directory_size=1)
    async with as_runtime(dsns, BIG) as connection:
        await connection.execute("SET jit = off")
        yield Bench(database, connection, BIG)
    await database.close()
    await server.drop(name)


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("where", FILTERS)
async def test_a_page_by_any_one_filter_is_an_index_range(bench: Bench, where: str, generic: bool) -> None:
    request = PageRequest((SortKey("created_at", descending=True),), PAGE, where=FILTERS[where])
    page = await page_of(bench.reader, LISTING, request)
    assert len(page.rows) <= PAGE
    assert await bench.buffers(generic=generic) < MUCH
