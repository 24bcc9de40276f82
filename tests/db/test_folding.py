"""What the log says of orders comes into their sums once, whoever folds it; every reader sees all of it meanwhile."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from db import folding
from db.events import EventDraft
from db.orders import insert_order
from db.overview import OrderSum, order_sums
from db.pool import Slot
from db.tenancy import TenantSnapshot
from tests.db.test_overview import DAYS, add_order, added_up, new_order, write_at_random
from tests.support.order_hours import differences
from tests.support.plant import NOON, Floor, as_runtime, connected

ORDERS = "SELECT created_at, status, currency, total FROM orders"
SUMS = [each + timedelta(days=offset) for each in DAYS[:1] for offset in range(-30, 30)]


async def folded_to(floor: Floor) -> int:
    """The number of the last entry that is in the sums; at first 10."""
    return int((await floor.raw("SELECT seq FROM folded_heads"))[0]["seq"])


async def fold(floor: Floor, most: int) -> int:
    """As a writer does; how many entries."""
    async with as_runtime(floor.dsns, floor.mine) as connection:
        return int(await connection.fetchval(folding.FOLD, floor.mine.hex, most))


async def sums_and_orders(floor: Floor) -> tuple[set[OrderSum], set[OrderSum]]:
    """Both as they stand at one moment."""
    async with floor.database.snapshot(floor.mine) as reader:
        assert isinstance(reader, TenantSnapshot)
        found = await order_sums(reader, SUMS)
        assert reader._slot is not None
        rows = await reader._slot.connection.fetch(ORDERS)
    return set(found.sums), added_up(rows, SUMS)


@pytest.mark.parametrize("seed", range(2))
async def test_at_every_moment_the_sums_are_the_orders_however_many_write_and_fold(
    fresh_floor: Floor, seed: int
) -> None:
    ids, done, rng = [row["id"] for row in fresh_floor.rows["orders"]], asyncio.Event(), random.Random(seed)

    async def write(own: random.Random) -> None:
        for _ in range(12):
            await write_at_random(fresh_floor, own, ids)

    async def fold_now_and_then(own: random.Random) -> None:
        while not done.is_set():
            await fold(fresh_floor, own.choice((1, 3, 50)))

    async def remove() -> None:
        for _ in range(3):
            await fresh_floor.raw("DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE total = 5 LIMIT 2)")
            await asyncio.sleep(0)

    folders = [asyncio.create_task(fold_now_and_then(random.Random(n))) for n in range(2)]
    writers = asyncio.gather(remove(), *(write(random.Random(rng.random())) for _ in range(4)))
    looks = 0
    while not writers.done():
        sums, orders = await sums_and_orders(fresh_floor)
        assert sums == orders
        looks += 1
    await writers
    done.set()
    await asyncio.gather(*folders)
    assert looks > 3
    async with connected(fresh_floor.dsns.owner, fresh_floor.mine) as owner:
        assert await differences(owner) == []


async def test_a_writer_folds_when_as_many_entries_as_that_have_come(
    fresh_floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "EVERY", 5)
    marks = []
    for number in range(14, 27):  # the planted log ends at 13
        async with fresh_floor.writer() as writer:
            await add_order(writer, new_order(fresh_floor, random.Random(number)))
        marks.append(await folded_to(fresh_floor))
    assert marks == [10, *[15] * 5, *[20] * 5, 25, 25]


@pytest.mark.parametrize(
    ("seq", "count", "due"), [(255, 1, False), (256, 1, True), (257, 1, False), (257, 2, True), (600, 300, True)]
)
def test_it_is_for_one_of_them_whatever_each_writes(seq: int, count: int, due: bool) -> None:
    assert folding.is_due(seq, count) is due


async def test_a_folding_that_fails_harms_no_writer_and_the_next_one_makes_up_for_it(
    fresh_floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "EVERY", 1)
    with monkeypatch.context() as broken:
        broken.setattr(folding, "FOLD", "SELECT fold_orders($1, $2) / 0")
        async with fresh_floor.writer() as writer:
            await add_order(writer, new_order(fresh_floor, random.Random(1)))
    assert (writer.position is not None, await folded_to(fresh_floor)) == (True, 10)
    async with fresh_floor.writer() as writer:
        await add_order(writer, new_order(fresh_floor, random.Random(2)))
    assert writer.position is not None
    assert await folded_to(fresh_floor) == writer.position.seq


async def test_a_writer_that_is_cancelled_while_it_folds_has_written(
    fresh_floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "EVERY", 1)
    begun = asyncio.Event()

    async def hang(self: Slot, sql: str, *seconds: float) -> Any:  # Any: never answers
        if sql == folding.FOLD:
            begun.set()
            await asyncio.Event().wait()
        return await prepared(self, sql, *seconds)

    prepared = Slot.prepared
    monkeypatch.setattr(Slot, "prepared", hang)

    async def write() -> None:
        async with fresh_floor.writer() as writer:
            await add_order(writer, new_order(fresh_floor, random.Random(3), number="260314-CUT"))

    writing = asyncio.create_task(write())
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    monkeypatch.undo()
    assert len(await fresh_floor.raw("SELECT 1 FROM orders WHERE number = '260314-CUT'")) == 1
    assert fresh_floor.database.pool.in_use == 0


async def test_a_server_of_the_version_before_is_counted_once(fresh_floor: Floor) -> None:
    """It knows nothing of marks: its changes are counted as it writes, its entries are passed over."""
    await fresh_floor.raw("UPDATE event_log SET tally = false")
    async with as_runtime(fresh_floor.dsns, fresh_floor.mine) as old, old.transaction():
        image = "to_jsonb(o) - 'tenant_id'"
        await old.execute("UPDATE orders SET status = 'SHIPPED', total = 77")
        await old.execute("UPDATE event_heads SET seq = seq + 1")
        await old.execute(
            "INSERT INTO event_log (tenant_id, seq, ts, type, entity, entity_id, version, after) "
            f"SELECT tenant_id, h.seq, h.ts, 'order.updated', 'order', o.id, 2, {image} FROM orders o "
            "JOIN event_heads h USING (tenant_id) LIMIT 1"
        )
    sums, orders = await sums_and_orders(fresh_floor)
    assert sums == orders
    assert await fold(fresh_floor, 100) > 0
    sums, orders = await sums_and_orders(fresh_floor)
    assert sums == orders


async def test_a_seed_that_counts_by_itself_is_not_counted_again(fresh_floor: Floor) -> None:
    before, _ = await sums_and_orders(fresh_floor)
    async with connected(fresh_floor.dsns.owner, fresh_floor.mine) as owner, owner.transaction():
        await owner.execute("SELECT set_config('tidegate.tally', 'off', true)")
        await owner.execute("DELETE FROM orders")
    assert (await sums_and_orders(fresh_floor)) == (before, set())


async def test_entries_that_say_nothing_of_an_order_stop_nothing(fresh_floor: Floor) -> None:
    async with fresh_floor.writer() as writer:
        writer.record(EventDraft("order.updated", "order", "0" * 32, 2, {"notes": None}, {"notes": "x"}))
        writer.record(EventDraft("customer.updated", "customer", "0" * 32, 2, None, {"created_at": "no time"}))
    assert await fold(fresh_floor, 100) > 0
    sums, orders = await sums_and_orders(fresh_floor)
    assert sums == orders


async def test_who_finds_another_folding_leaves_it_to_that_one(fresh_floor: Floor) -> None:
    async with fresh_floor.writer() as writer:
        await add_order(writer, new_order(fresh_floor, random.Random(4)))
    await fold(fresh_floor, 1)
    async with connected(fresh_floor.dsns.owner, fresh_floor.mine) as another, another.transaction():
        await another.execute("SELECT 1 FROM folded_heads FOR UPDATE")
        assert await fold(fresh_floor, 100) == 0
    assert await fold(fresh_floor, 100) > 0


async def test_no_tenant_folds_anothers_log(floor: Floor, fresh_floor: Floor) -> None:
    async with fresh_floor.writer() as writer:
        noted = await insert_order(writer, new_order(fresh_floor, random.Random(6), created_at=NOON), [])
        writer.record(EventDraft("order.created", "order", noted["id"], 1, None, dict(noted)))
    async with as_runtime(floor.dsns, floor.mine) as connection:
        with pytest.raises(Exception, match="row-level security"):
            await connection.fetchval(folding.FOLD, fresh_floor.mine.hex, 100)
    assert await folded_to(fresh_floor) == 10
