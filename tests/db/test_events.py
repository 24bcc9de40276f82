"""The log is gapless, in commit order, and says exactly what the rows say, whatever happens around it."""

import asyncio
import itertools
import random
from datetime import timedelta

import pytest

from db.audit_records import AuditDraft
from db.clock import utc_now
from db.events import Event, EventDraft, Position, events_after, head_of, typed_event, typed_image
from db.ids import new_id
from db.orders import COLUMNS, insert_order, lock_order, update_order
from db.tables import orders
from db.tenancy import TenantId, TenantWriter
from tests.support.audits import trail
from tests.support.plant import NOON, Floor

START = Position(13, NOON)
"""Where my planted log ends."""
WRITERS, ROUNDS = 16, 12


async def restatus(writer: TenantWriter, order_id: str, status: str) -> None:
    """Change an order's status, with its event and its audit record."""
    before = await lock_order(writer, order_id)
    assert before is not None
    after = await update_order(writer, before, {"status": status}, utc_now())
    writer.record(EventDraft("order.status_changed", "order", order_id, after["version"], dict(before), dict(after)))
    writer.audit(AuditDraft("changeOrderStatus", "order", f"ord_{order_id}", {"status": [before["status"], status]}))


async def whole_log(floor: Floor, after: Position = START) -> list[Event]:
    """Everything past ``after``, read in small bites as a stream would."""
    found: list[Event] = []
    while bite := await events_after(floor.reader(), after, 7):
        found += bite
        after = Position(bite[-1].seq, bite[-1].ts)
    return found


async def _try(floor: Floor, rng: random.Random, ids: list[str]) -> int:
    """A transaction of one to three changes that may change its mind; how many events it left."""
    chosen = sorted(rng.sample(ids, rng.randint(1, 3)))
    fails, pause = rng.random() < 0.3, rng.random() * 0.002
    try:
        async with floor.writer() as writer:
            for order_id in chosen:
                await restatus(writer, order_id, rng.choice(("PENDING", "CONFIRMED", "CANCELLED")))
            await asyncio.sleep(pause)
            if fails:
                raise LookupError
    except LookupError:
        return 0
    assert writer.position is not None
    return len(chosen)


async def test_sixteen_writers_with_rollbacks_and_a_stuck_one_leave_a_gapless_log(fresh_floor: Floor) -> None:
    rng = random.Random(16)
    ids = [row["id"] for row in fresh_floor.rows["orders"]]
    seen: list[tuple[int, object]] = []
    fresh_floor.database.on_commit = lambda _, position: seen.append((position.seq, position.ts))
    stuck, release = fresh_floor.writer(), asyncio.Event()

    async def be_stuck() -> None:
        async with stuck as writer:
            await restatus(writer, ids[0], "CANCELLED")
            await release.wait()

    async def write() -> int:
        return sum([await _try(fresh_floor, rng, ids[1:]) for _ in range(ROUNDS)])

    sleeper = asyncio.create_task(be_stuck())
    written = sum(await asyncio.gather(*(write() for _ in range(WRITERS))))
    release.set()
    await sleeper
    log = await whole_log(fresh_floor)
    assert [event.seq for event in log] == list(range(14, 14 + written + 1))
    assert stuck.position == Position(log[-1].seq, log[-1].ts)
    assert all(one.ts <= next_.ts for one, next_ in itertools.pairwise(log))
    assert await head_of(fresh_floor.reader()) == stuck.position
    assert len(seen) == len(set(seen))
    await _rows_events_and_audits_match(fresh_floor, log)


async def _rows_events_and_audits_match(floor: Floor, log: list[Event]) -> None:
    """Replaying the log's images over the planted rows gives the rows; each event has its audit record."""
    rows = {row["id"].hex: row for row in await floor.raw("SELECT * FROM orders")}
    last: dict[str, Event] = {}
    for logged in log:
        event = typed_event(orders, logged)
        assert event.before is not None
        assert event.after is not None
        previous = last.get(event.entity_id)
        assert event.before["version"] == (1 if previous is None else previous.version)
        assert previous is None or event.before == previous.after
        assert event.version == event.after["version"] == event.before["version"] + 1
        last[event.entity_id] = event
    for order_id, row in rows.items():
        assert row["version"] == (last[order_id].version if order_id in last else 1)
        assert order_id not in last or row["status"] == (last[order_id].after or {})["status"]
    audits = await trail(floor, floor.mine)
    assert sorted((a["created_at"], a["entity_id"]) for a in audits) == sorted(
        (e.ts, f"ord_{e.entity_id}") for e in log
    )


async def test_announcements_come_in_the_order_of_the_log_when_commits_do(fresh_floor: Floor) -> None:
    positions = []
    fresh_floor.database.on_commit = lambda tenant, position: positions.append((tenant, position.seq))
    for row in fresh_floor.rows["orders"][:3]:
        async with fresh_floor.writer() as writer:
            await restatus(writer, row["id"], "CANCELLED")
    assert positions == [(fresh_floor.mine, seq) for seq in (14, 15, 16)]


async def test_a_transaction_of_many_events_takes_as_many_numbers_at_one_time(fresh_floor: Floor) -> None:
    async with fresh_floor.writer() as writer:
        for row in fresh_floor.rows["orders"][:50]:
            writer.record(EventDraft("order.updated", "order", row["id"], 1, None, {}))
    log = await whole_log(fresh_floor)
    assert [event.seq for event in log] == list(range(14, 64))
    assert [event.entity_id for event in log] == [row["id"] for row in fresh_floor.rows["orders"][:50]]
    assert len({event.ts for event in log}) == 1
    assert writer.position == Position(63, log[0].ts)


async def test_time_never_goes_back_even_when_the_clock_does(fresh_floor: Floor) -> None:
    future = utc_now() + timedelta(days=2)
    await fresh_floor.raw("UPDATE event_heads SET ts = $1", future)
    async with fresh_floor.writer() as writer:
        await restatus(writer, fresh_floor.rows["orders"][0]["id"], "CANCELLED")
    assert writer.position == Position(14, future)


async def test_the_images_keep_every_column_before_and_after(fresh_floor: Floor) -> None:
    order_id = fresh_floor.rows["orders"][0]["id"]
    held = {}
    for moment in ("before", "after"):
        async with fresh_floor.writer() as writer:
            held[moment] = await lock_order(writer, order_id)
            if moment == "before":
                await restatus(writer, order_id, "SHIPPED")
    event = typed_event(orders, (await whole_log(fresh_floor))[0])
    assert event.before is not None
    assert event.after is not None
    assert set(event.before) == set(event.after) == set(COLUMNS) == {c.name for c in orders.c} - {"tenant_id"}
    assert (event.before, event.after) == (dict(held["before"] or {}), dict(held["after"] or {}))


async def test_a_creation_has_no_image_before(fresh_floor: Floor) -> None:
    new = {**fresh_floor.rows["orders"][0], "id": "1" * 32, "number": "260314-NEW"}
    async with fresh_floor.writer() as writer:
        row = await insert_order(writer, new, [])
        writer.record(EventDraft("order.created", "order", row["id"], 1, None, dict(row)))
    event = typed_event(orders, (await whole_log(fresh_floor))[0])
    assert (event.before, event.after) == (None, dict(row))


async def test_the_first_event_of_a_tenant_is_number_one(fresh_floor: Floor) -> None:
    for table in ("event_log", "event_heads"):
        await fresh_floor.raw(f"DELETE FROM {table}")
    assert await head_of(fresh_floor.reader()) is None
    first, second = (fresh_floor.writer() for _ in range(2))
    orders_ = fresh_floor.rows["orders"]

    async def write(writer: TenantWriter, order_id: str) -> None:
        async with writer:
            await restatus(writer, order_id, "CANCELLED")

    await asyncio.gather(write(first, orders_[0]["id"]), write(second, orders_[1]["id"]))
    assert [event.seq for event in await whole_log(fresh_floor, Position(0, NOON))] == [1, 2]


async def test_tenants_count_apart(fresh_floor: Floor) -> None:
    nobody = TenantId(new_id())
    for tenant, expected in ((fresh_floor.mine, 14), (nobody, 1), (fresh_floor.mine, 15)):
        async with fresh_floor.writer(tenant) as writer:
            writer.record(EventDraft("order.updated", "order", "0" * 32, 1, None, {}))
        assert writer.position is not None
        assert writer.position.seq == expected


@pytest.mark.parametrize(
    ("seq", "limit", "expected"), [(0, 10, [11, 12, 13]), (11, 1, [12]), (13, 10, []), (99, 1, [])]
)
async def test_a_read_answers_the_next_events_in_order(floor: Floor, seq: int, limit: int, expected: list[int]) -> None:
    events = await events_after(floor.reader(), Position(seq, NOON), limit)
    assert [event.seq for event in events] == expected


def test_an_image_gets_its_times_back_and_keeps_the_rest() -> None:
    image = {"created_at": "2026-03-14T12:00:00.000001Z", "due_at": None, "total": 5, "notes": "2026-03-14"}
    typed = {**image, "created_at": NOON + timedelta(microseconds=1)}
    assert typed_image(orders, image) == typed
    assert typed_image(orders, None) is None
