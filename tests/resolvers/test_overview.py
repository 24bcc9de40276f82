"""The overview says what the orders say, and a watcher is told when it changes, not more often than is any use."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

import resolvers.overview
from db.events import Position
from db.overview import OrderSum
from resolvers.days import Days, TimeRange
from resolvers.errors import InvalidInput
from resolvers.orders import OrderPatch, change_order_status, update_order
from resolvers.overview import LOST, OPEN, Overview, _overview, overview, watch_overview
from tests.support.facts import look, new_order
from tests.support.waiting import until
from tests.support.world import World

DAY = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = Days(
    tuple((DAY + timedelta(days=place)).date() for place in range(2)),
    tuple(DAY + timedelta(days=place) for place in range(3)),
)


def test_tiles_and_series_are_made_of_the_sums() -> None:
    sums = [
        OrderSum(0, "PENDING", "EUR", 2, 1001),
        OrderSum(0, "CANCELLED", "EUR", 5, 99_999),
        OrderSum(1, "DELIVERED", "EUR", 1, 500),
        OrderSum(1, "DELIVERED", "JPY", 2, 30_100),
        OrderSum(1, "REFUNDED", "JPY", 1, 700),
    ]
    found = _overview(TimeRange(zone="UTC"), DAYS, sums)
    assert (found["orders"], found["open_orders"]) == (11, 2)
    assert found["revenue"] == [{"amount": 1501, "currency": "EUR"}, {"amount": 30_100, "currency": "JPY"}]
    # 1501 / 3 is 500.33; 301 yen / 2 is 150.5, and there is no half a yen.
    assert found["average_order"] == [{"amount": 500, "currency": "EUR"}, {"amount": 15_100, "currency": "JPY"}]
    statuses = {
        each["status"]: (each["orders"], [money["amount"] for money in each["total"]]) for each in found["statuses"]
    }
    assert statuses["CANCELLED"] == (5, [99_999, 0])
    assert statuses["DELIVERED"] == (3, [500, 30_100])
    assert statuses["SHIPPED"] == (0, [0, 0])
    first, second = found["days"]
    assert (first["date"], first["orders"], [money["amount"] for money in first["revenue"]]) == (
        "2026-11-01",
        7,
        [1001, 0],
    )
    assert (second["starts_at"], second["orders"]) == (DAY + timedelta(days=1), 4)


def test_an_overview_of_nothing_has_every_day_and_status() -> None:
    found = _overview(TimeRange(), DAYS, [])
    assert (found["orders"], found["revenue"], found["average_order"]) == (0, [], [])
    assert [day["orders"] for day in found["days"]] == [0, 0]
    assert len(found["statuses"]) == 7
    assert not OPEN & LOST


def test_an_average_of_orders_that_were_all_lost_is_none() -> None:
    assert _overview(TimeRange(), DAYS, [OrderSum(0, "CANCELLED", "EUR", 1, 5)])["average_order"] == []


async def test_the_overview_is_the_tenants_orders_of_the_range(world: World) -> None:
    asked = TimeRange(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC), "America/St_Johns")
    found, _ = await overview(world.write_context(), asked)
    rows = await look(
        world,
        "SELECT (created_at AT TIME ZONE 'America/St_Johns')::date::text AS day, count(*) AS orders FROM orders "
        "WHERE tenant_id = $1 GROUP BY 1",
        world.tenants["acme"].hex,
    )
    said = {row["day"]: row["orders"] for row in rows}
    assert [(day["date"], day["orders"]) for day in found["days"]] == [
        (day["date"], said.get(day["date"], 0)) for day in found["days"]
    ]
    assert (found["days"][0]["date"], found["days"][-1]["date"]) == ("2026-08-31", "2026-10-14")
    assert found["orders"] == sum(day["orders"] for day in found["days"]) > 0


class Watcher:
    """A watcher of the last days, and where it was told that the log is done with."""

    def __init__(self, world: World, after: Position | None = None, asked: TimeRange | None = None) -> None:
        self.moved: list[int] = []
        self.overviews = watch_overview(
            world.write_context(), asked or TimeRange(), after, lambda position: self.moved.append(position.seq)
        )

    async def next(self) -> tuple[Overview, Position]:
        async with asyncio.timeout(60):
            return await anext(self.overviews)


async def test_a_watcher_is_told_what_every_new_order_makes_of_it(world: World) -> None:
    before, place = await overview(world.write_context(), TimeRange())
    watcher = Watcher(world, place)
    async with aclosing(watcher.overviews):
        waiting = asyncio.create_task(watcher.next())
        await new_order(world)
        found, position = await waiting
    assert found["orders"] == before["orders"] + 1
    assert position.seq == place.seq + 1
    assert watcher.moved == [place.seq]


async def test_a_storm_of_changes_is_told_by_few_overviews_the_last_of_them_right(world: World) -> None:
    watcher = Watcher(world, (await overview(world.write_context(), TimeRange()))[1])
    async with aclosing(watcher.overviews):
        waiting = asyncio.create_task(watcher.next())
        for _ in range(30):
            await new_order(world)
        frames = [await waiting]
        end = await world.hub.head(world.tenants["acme"])
        while frames[-1][1].seq < end.seq:
            frames.append(await watcher.next())
    assert len(frames) < 10
    assert [position.seq for _, position in frames] == sorted({position.seq for _, position in frames})
    assert frames[-1][0] == (await overview(world.write_context(), TimeRange()))[0]


async def test_what_was_missed_is_told_at_once_by_one_overview(world: World) -> None:
    _, place = await overview(world.write_context(), TimeRange())
    for _ in range(3):
        await new_order(world)
    watcher = Watcher(world, place)
    async with aclosing(watcher.overviews):
        found, position = await watcher.next()
    assert position == await world.hub.head(world.tenants["acme"])
    assert found == (await overview(world.write_context(), TimeRange()))[0]


async def test_what_alters_no_sum_of_the_range_moves_the_place_and_tells_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers.overview, "SECONDS", 0.0)
    order = (await new_order(world)).removeprefix("ord_")
    (old,) = await look(
        world,
        "SELECT id FROM orders WHERE tenant_id = $1 AND status = 'DELIVERED' ORDER BY created_at LIMIT 1",
        world.tenants["acme"].hex,
    )
    watcher = Watcher(world, await world.hub.head(world.tenants["acme"]))
    async with aclosing(watcher.overviews):
        waiting = asyncio.create_task(watcher.next())
        await until(lambda: watcher.moved)
        await update_order(world.write_context(), OrderPatch(order, None, {"notes": "no sum"}))
        await change_order_status(world.write_context(), old["id"], "REFUNDED", None)
        silent = await world.hub.head(world.tenants["acme"])
        await until(lambda: waiting.done() or watcher.moved[-1] == silent.seq)
        assert not waiting.done()
        await change_order_status(world.write_context(), order, "CONFIRMED", None)
        _, position = await waiting
    assert position.seq == silent.seq + 1


async def test_a_range_that_makes_no_sense_is_refused_before_anything_is_watched(world: World) -> None:
    watcher = Watcher(world, asked=TimeRange(zone="Mars"))
    with pytest.raises(InvalidInput):
        await watcher.next()
    assert world.hub.followers == 0
