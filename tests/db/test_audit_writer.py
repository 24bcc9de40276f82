"""The audit writer: what is noted is written, once, whatever the database does; what cannot be is in the log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import structlog

from db.audit_records import AuditRecord, Outcome
from db.audit_writer import AT_ONCE, HELD, AuditWriter
from db.errors import BadValue, DatabaseAway
from tests.support.audits import record


class Trail:
    """Takes records, as the database would."""

    def __init__(self) -> None:
        self.batches: list[list[AuditRecord]] = []
        self.away = False
        self.refused: set[str] = set()
        self.asked = asyncio.Event()

    @property
    def records(self) -> list[AuditRecord]:
        return [each for batch in self.batches for each in batch]

    @property
    def actions(self) -> list[str]:
        return [each.action for each in self.records]

    async def add(self, records: Sequence[AuditRecord]) -> None:
        self.asked.set()
        if self.away:
            raise DatabaseAway("away")
        if any(each.action in self.refused for each in records):
            raise BadValue("cannot be held")
        self.batches.append(list(records))


@asynccontextmanager
async def writing(trail: Trail, queue: int = 100, held_seconds: float = 600) -> AsyncIterator[AuditWriter]:
    writer = AuditWriter(trail.add, queue, held_seconds)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


async def test_what_is_noted_together_is_written_together_in_its_order() -> None:
    trail = Trail()
    async with writing(trail) as writer:
        for n in range(20):
            writer.note(record(action=f"a{n}"))
        await writer.settle()
        assert trail.actions == [f"a{n}" for n in range(20)]
        assert (len(trail.batches), writer.written, writer.waiting, writer.healthy) == (1, 20, 0, True)


async def test_a_batch_has_a_bound() -> None:
    trail = Trail()
    async with writing(trail, queue=2 * AT_ONCE) as writer:
        for _ in range(AT_ONCE + 1):
            writer.note(record())
        await writer.settle()
    assert [len(batch) for batch in trail.batches] == [AT_ONCE, 1]


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.PARTIAL, Outcome.FAILED])
async def test_equal_denials_are_one_record_with_a_count(outcome: Outcome) -> None:
    trail = Trail()
    async with writing(trail) as writer:
        for n in range(5):
            writer.note(record(outcome, actor={"request_id": f"r{n}"}))
        writer.note(record(outcome, action="another"))
        assert writer.waiting == 2
        await writer.settle()
    assert [(each.action, each.count, each.actor.request_id) for each in trail.records] == [
        ("customers", 5, "r0"),
        ("another", 1, "req-test"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"actor": {"user_id": "1" * 32}},
        {"actor": {"acting_as_id": "1" * 32}},
        {"actor": {"address": "203.0.113.9"}},
        {"actor": {"document_id": "d"}},
        {"actor": {"denials": {"Customer.email": "customers:pii"}}},
        {"actor": {"coordinates": ("Customer.email",)}},
        {"tenant_id": "1" * 32},
        {"entity_id": "ord_1"},
    ],
    ids=str,
)
async def test_what_differs_in_who_or_what_is_a_record_of_its_own(change: dict[str, object]) -> None:
    trail = Trail()
    async with writing(trail) as writer:
        writer.note(record(Outcome.DENIED))
        writer.note(record(Outcome.DENIED, **change))
        await writer.settle()
    assert [each.count for each in trail.records] == [1, 1]


async def test_reads_are_never_counted_together() -> None:
    trail = Trail()
    async with writing(trail) as writer:
        writer.note(record())
        writer.note(record())
        await writer.settle()
    assert [each.count for each in trail.records] == [1, 1]


async def test_what_is_held_is_written_by_itself_when_its_time_is_over() -> None:
    trail = Trail()
    async with writing(trail, held_seconds=0.01) as writer:
        writer.note(record(Outcome.DENIED))
        await asyncio.wait_for(trail.asked.wait(), 10)
    assert trail.actions == ["customers"]


async def test_no_more_than_a_bound_is_held() -> None:
    trail = Trail()
    async with writing(trail, queue=2 * HELD) as writer:
        for n in range(HELD + 3):
            writer.note(record(Outcome.DENIED, action=f"a{n}"))
        await asyncio.wait_for(trail.asked.wait(), 10)
        await writer.settle()
    assert sorted(trail.actions) == sorted(f"a{n}" for n in range(HELD + 3))


async def test_records_wait_for_a_database_that_is_away_and_readiness_says_so() -> None:
    trail = Trail()
    trail.away = True
    async with writing(trail) as writer:
        writer.note(record(action="first"))
        await asyncio.wait_for(trail.asked.wait(), 10)
        await asyncio.sleep(0)
        assert not writer.healthy
        writer.note(record(action="second"))
        trail.away = False
        await writer.settle()
        assert (trail.actions, writer.healthy, writer.unwritten) == (["first", "second"], True, 0)


async def test_what_a_full_queue_cannot_take_is_in_the_log_whole_and_counted() -> None:
    trail = Trail()
    trail.away = True
    with structlog.testing.capture_logs() as log:
        async with writing(trail, queue=2) as writer:
            for n in range(3):
                writer.note(record(action=f"a{n}", changes={"notes": ["old", "new"]}))
            assert not writer.healthy
            trail.away = False
            await writer.settle()
            assert (writer.healthy, writer.unwritten, trail.actions) == (True, 1, ["a0", "a1"])
    (line,) = [each for each in log if each["event"] == "audit_record_unwritten"]
    assert (line["record"]["action"], line["record"]["changes"]) == ("a2", {"notes": ["old", "new"]})


async def test_a_record_that_no_column_can_hold_keeps_no_other_back() -> None:
    trail = Trail()
    trail.refused = {"bad"}
    with structlog.testing.capture_logs() as log:
        async with writing(trail) as writer:
            for action in ("before", "bad", "after"):
                writer.note(record(action=action))
            await writer.settle()
    assert trail.actions == ["before", "after"]
    assert [each["record"]["action"] for each in log if each["event"] == "audit_record_unwritten"] == ["bad"]


async def test_stopping_writes_what_is_held_and_what_waits() -> None:
    trail = Trail()
    async with writing(trail) as writer:
        writer.note(record(Outcome.DENIED, action="held"))
        writer.note(record(action="waiting"))
    assert sorted(trail.actions) == ["held", "waiting"]


async def test_stopping_without_a_database_puts_the_rest_into_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.audit_writer.STOP_SECONDS", 0.01)
    trail = Trail()
    trail.away = True
    with structlog.testing.capture_logs() as log:
        async with writing(trail) as writer:
            writer.note(record(action="lost otherwise"))
    assert [each["record"]["action"] for each in log if "record" in each] == ["lost otherwise"]
    assert writer.unwritten == 1
