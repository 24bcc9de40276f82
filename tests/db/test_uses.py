"""Uses of registered documents: counted in memory, added up in the database, lost nowhere in silence."""

import asyncio
import json
from collections.abc import Sequence
from uuid import uuid4

from db.directory import Directory
from db.documents import Terms
from db.durations import percentile
from db.errors import DatabaseAway
from db.uses import Use, Uses
from tests.db.test_documents import OWNER, draft
from tests.support.clock import HandClock
from tests.support.logs import logged


class Ledger:
    """Adds as the database does, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.written: list[Use] = []

    async def add(self, uses: Sequence[Use]) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise DatabaseAway("away")
        self.written += uses


async def test_uses_of_two_workers_come_to_one_row_a_tenant(directory: Directory, clock: HandClock) -> None:
    one = draft()
    await directory.documents.publish([one], Terms(OWNER))
    tenant, other = [await directory.create_tenant(f"t-{uuid4().hex[:12]}", "Docs", {}) for _ in range(2)]
    began = clock()
    workers = [Uses(directory.documents.add_uses, clock) for _ in range(2)]
    for worker in workers:
        for _ in range(50):
            worker.note(one.id, tenant, 0.01)
        clock.advance(seconds=1)
        worker.note(one.id, other, None)
        await worker.settle()
    (row,) = await directory.documents.all(one.id)
    assert (row["count"], row["first_at"], row["last_at"]) == (102, began, clock())
    p95 = percentile(row["durations"], 0.95)
    assert p95 is not None
    assert 0.01 <= p95 < 0.012


async def test_what_is_gone_is_counted_no_more_and_stops_nobody_else(directory: Directory) -> None:
    one = draft()
    await directory.documents.publish([one], Terms(OWNER))
    tenant = await directory.create_tenant(f"t-{uuid4().hex[:12]}", "Docs", {})
    uses = Uses(directory.documents.add_uses)
    uses.note("f" * 64, tenant, 1.0)
    uses.note(one.id, uuid4().hex, 1.0)
    uses.note(one.id, tenant, 1.0)
    await uses.settle()
    (row,) = await directory.documents.all(one.id)
    assert row["count"] == 1


async def test_while_the_database_is_away_nothing_is_lost() -> None:
    ledger = Ledger()
    uses = Uses(ledger.add)
    ledger.away = True
    for _ in range(3):
        uses.note("a", "t", 0.01)
        await uses.settle()
    ledger.away = False
    uses.note("b", "t", 0.01)
    await uses.settle()
    await uses.settle()
    assert {use.document_id: use.count for use in ledger.written} == {"a": 3, "b": 1}


async def test_what_is_noted_while_it_is_written_is_written_next() -> None:
    ledger = Ledger()
    uses = Uses(ledger.add)
    uses.note("a", "t", 0.01)
    writing = asyncio.create_task(uses.settle())
    await asyncio.sleep(0)
    uses.note("a", "t", 0.01)
    await writing
    await uses.settle()
    assert [use.count for use in ledger.written] == [1, 1]


async def test_at_the_end_all_is_written_or_told() -> None:
    ledger = Ledger()
    uses = Uses(ledger.add, every=3600)
    await uses.start()
    uses.note("a", "t", 0.01)
    await uses.stop()
    assert [use.count for use in ledger.written] == [1]
    late = Uses(ledger.add, every=3600)
    ledger.away = True
    await late.start()
    late.note("b", "t", 0.01)
    with logged() as log:
        await late.stop()
    assert [line["event"] for line in map(json.loads, log.getvalue().splitlines())] == [
        "document_uses_behind",
        "document_uses_uncounted",
    ]


async def test_beyond_its_room_a_new_documents_uses_are_told() -> None:
    ledger = Ledger()
    uses = Uses(ledger.add, most=1)
    with logged() as log:
        for document in ("a", "b", "a"):
            uses.note(document, "t", 0.01)
    await uses.settle()
    assert [(use.document_id, use.count) for use in ledger.written] == [("a", 2)]
    assert "too many" in log.getvalue()
