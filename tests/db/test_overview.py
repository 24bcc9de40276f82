"""The sums of orders are kept, whoever writes, and say at every moment what the orders say."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.events import EventDraft
from db.ids import new_id
from db.orders import COLUMNS, insert_order, lock_order, update_order
from db.overview import OrderSum, order_sums
from db.tables import ORDER_STATUSES
from db.tenancy import Row, TenantWriter
from tests.support.order_hours import FOLD, differences
from tests.support.plant import NOON, Floor, connected

WRITERS, ROUNDS = 12, 8
CURRENCIES = ("EUR", "USD", "JPY")
AGES = (0, 1, 900, 901, 3_599, 3_600, 86_399, 86_400, 40 * 86_400)
DAYS = [NOON.replace(hour=0) - timedelta(days=20 - place) for place in range(23)]


def new_order(floor: Floor, rng: random.Random, **changes: object) -> dict[str, Any]:  # Any: columns
    made = new_id()
    order = {
        **floor.rows["orders"][0],
        "id": made,
        "number": f"260314-{made[-12:].upper()}",
        "status": rng.choice(ORDER_STATUSES),
        "currency": rng.choice(CURRENCIES),
        "total": rng.choice((0, 1, 1250, 2**63 - 1)),
        "created_at": NOON - timedelta(seconds=rng.choice(AGES)),
        **changes,
    }
    return {name: order[name] for name in COLUMNS}


def noted(writer: TenantWriter, before: Row | None, after: Row) -> None:
    """Log the change, as every writer does."""
    held = None if before is None else dict(before)
    writer.record(EventDraft("order.updated", "order", after["id"], after["version"], held, dict(after)))


async def add_order(writer: TenantWriter, order: dict[str, Any]) -> str:  # Any: columns
    row = await insert_order(writer, order, [])
    noted(writer, None, row)
    return str(row["id"])


async def write_at_random(floor: Floor, rng: random.Random, ids: list[str]) -> None:
    """One transaction that makes or changes a few orders, and now and then thinks better of it."""
    try:
        async with floor.writer() as writer:
            for _ in range(rng.choice((1, 1, 3))):
                if rng.random() < 0.4 or not ids:
                    ids.append(await add_order(writer, new_order(floor, rng)))
                else:
                    await change_at_random(writer, rng, rng.choice(ids))
            if rng.random() < 0.15:
                raise InterruptedError
    except InterruptedError:
        pass


async def change_at_random(writer: TenantWriter, rng: random.Random, order_id: str) -> None:
    order = await lock_order(writer, order_id)
    if order is not None:
        changes = {"status": rng.choice(ORDER_STATUSES), "notes": None, "total": rng.choice((0, 5, 2**62))}
        name = rng.choice(list(changes))
        noted(writer, order, await update_order(writer, order, {name: changes[name]}, NOON))


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_writes_the_sums_are_the_orders_added_up(fresh_floor: Floor, seed: int) -> None:
    rng, ids = random.Random(seed), [row["id"] for row in fresh_floor.rows["orders"]]
    for _ in range(40):
        await write_at_random(fresh_floor, rng, ids)
    async with connected(fresh_floor.dsns.owner, fresh_floor.mine) as owner:
        assert await differences(owner) == []
        await owner.execute("UPDATE orders SET created_at = created_at - interval '7 minutes', currency = 'CHF'")
        await owner.execute("DELETE FROM orders WHERE status = 'PENDING'")
        assert await differences(owner) == []
        assert await owner.fetchval("SELECT count(*) FROM orders") > 0


async def test_many_writers_of_one_tenant_never_block_each_other_for_good(fresh_floor: Floor) -> None:
    ids = [row["id"] for row in fresh_floor.rows["orders"]]

    async def write(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
            async with fresh_floor.writer() as writer:
                await add_order(writer, new_order(fresh_floor, rng, created_at=NOON))
            async with fresh_floor.writer() as writer:
                await change_at_random(writer, rng, rng.choice(ids))

    await asyncio.gather(*(write(seed) for seed in range(WRITERS)))
    async with connected(fresh_floor.dsns.owner, fresh_floor.mine) as owner:
        assert await differences(owner) == []


async def test_a_change_that_counts_for_nothing_touches_no_sum(fresh_floor: Floor) -> None:
    before = await fresh_floor.raw("SELECT xmin::text, ctid::text FROM order_hours ORDER BY 2")
    async with fresh_floor.writer() as writer:
        order = await lock_order(writer, fresh_floor.rows["orders"][0]["id"])
        assert order is not None
        noted(writer, order, await update_order(writer, order, {"notes": "new"}, NOON))
    await fresh_floor.raw(FOLD)
    assert await fresh_floor.raw("SELECT xmin::text, ctid::text FROM order_hours ORDER BY 2") == before != []


def added_up(orders: list[Row], bounds: list[datetime]) -> set[OrderSum]:
    """The orders by the stretches between the bounds."""
    count: Counter[tuple[int, str, str]] = Counter()
    total: Counter[tuple[int, str, str]] = Counter()
    for order in orders:
        stretch = sum(bound <= order["created_at"] for bound in bounds) - 1
        if 0 <= stretch < len(bounds) - 1:
            count[stretch, order["status"], order["currency"]] += 1
            total[stretch, order["status"], order["currency"]] += order["total"]
    return {OrderSum(*key, counted, total[key]) for key, counted in count.items()}


async def test_the_sums_of_days_that_begin_on_any_quarter_are_the_orders_of_those_days(fresh_floor: Floor) -> None:
    spread = "(('x' || substr(id::text, 1, 4))::bit(16)::int % 1440) * interval '61 seconds'"
    await fresh_floor.raw(f"UPDATE orders SET created_at = created_at - {spread}")
    orders = await fresh_floor.raw("SELECT created_at, status, currency, total FROM orders")
    for minutes in (0, 15, 30, 45, 60, -45, 330, 345):
        for days in (5, 22):
            bounds = [day + timedelta(minutes=minutes) for day in DAYS[-1 - days :]]
            found = await order_sums(fresh_floor.reader(), bounds)
            assert set(found.sums) == added_up(orders, bounds) != set()
            assert len(found.sums) == len(set(found.sums))


async def test_a_sum_may_be_more_than_a_bigint(fresh_floor: Floor) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    async with fresh_floor.writer() as writer:
        for _ in range(3):
            order = new_order(fresh_floor, random.Random(1), created_at=day, total=2**63 - 1, status="SHIPPED")
            await add_order(writer, order)
    found = await order_sums(fresh_floor.reader(), [day, day + timedelta(days=1)])
    assert [(each.orders, each.total) for each in found.sums] == [(3, 3 * (2**63 - 1))]


async def test_a_stretch_without_orders_has_no_sum_and_still_a_place_in_the_log(floor: Floor) -> None:
    found = await order_sums(floor.reader(), [datetime(2001, 1, 1, tzinfo=UTC), datetime(2001, 1, 2, tzinfo=UTC)])
    assert found.sums == []
    assert found.position is not None
    assert found.position.seq == 13


async def test_the_sums_and_the_place_in_the_log_are_of_one_moment(fresh_floor: Floor) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    bounds, rng, done = [day, day + timedelta(days=1)], random.Random(5), asyncio.Event()

    async def write() -> None:
        for _ in range(60):
            async with fresh_floor.writer() as writer:
                await add_order(writer, new_order(fresh_floor, rng, created_at=day))
        done.set()

    first = await order_sums(fresh_floor.reader(), bounds)
    assert first.position is not None
    writing, seen = asyncio.create_task(write()), set()
    while not done.is_set():
        found = await order_sums(fresh_floor.reader(), bounds)
        assert found.position is not None
        counted = sum(each.orders for each in found.sums)
        assert counted == found.position.seq - first.position.seq
        seen.add(counted)
    await writing
    assert len(seen) > 1
