"""Watching orders: which changes concern a watcher, and how far the log is done with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from db.events import Event, Position
from db.filters import Condition, Test
from resolvers.orders import OrderPatch, change_order_status, update_order, watch_orders
from tests.support.facts import new_order
from tests.support.world import World

PENDING = Test("status", "eq", "PENDING")


async def watched(
    world: World,
    since: Position,
    condition: Condition | None = None,
    types: frozenset[str] | None = None,
    *,
    tenant: str = "acme",
) -> list[tuple[str, str]]:
    """What a watcher is told of everything since a position: type and id of each event."""
    ctx = world.write_context(world.principal("admin", tenant))
    end = (await world.hub.head(ctx.principal.tenant)).seq
    moved: list[int] = []
    done = asyncio.Event()

    def note(position: Position) -> None:
        moved.append(position.seq)
        if position.seq >= end:
            done.set()

    found: list[tuple[str, str]] = []
    async with aclosing(watch_orders(ctx, condition, types, since, note)) as events:
        task = asyncio.create_task(_into(found, events))
        await done.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert moved == list(range(since.seq, end + 1))
    return found


async def _into(found: list[tuple[str, str]], events: AsyncIterator[Event]) -> None:
    async for event in events:
        found += [(event.type, event.entity_id)]


async def a_life(world: World) -> tuple[Position, str]:
    """An order that is created, confirmed, taken up and annotated; and the position before it."""
    since = await world.hub.head(world.tenants["acme"])
    order = (await new_order(world)).removeprefix("ord_")
    for status in ("CONFIRMED", "PROCESSING"):
        await change_order_status(world.write_context(), order, status, None)
    await update_order(world.write_context(), OrderPatch(order, None, {"notes": "now"}))
    return since, order


async def test_a_change_concerns_who_matches_it_before_or_after(world: World) -> None:
    since, order = await a_life(world)
    assert await watched(world, since, PENDING) == [("order.created", order), ("order.status_changed", order)]


async def test_without_a_condition_every_change_is_told(world: World) -> None:
    since, order = await a_life(world)
    kinds = ["order.created", "order.status_changed", "order.status_changed", "order.updated"]
    assert await watched(world, since) == [(kind, order) for kind in kinds]


@pytest.mark.parametrize(
    ("types", "count"),
    [(frozenset({"order.status_changed"}), 2), (frozenset({"order.created", "order.updated"}), 2), (frozenset(), 0)],
)
async def test_only_the_wanted_types_are_told(world: World, types: frozenset[str], count: int) -> None:
    since, _ = await a_life(world)
    assert len(await watched(world, since, types=types)) == count


async def test_an_unknown_comparison_does_not_match(world: World) -> None:
    since, _ = await a_life(world)
    assert await watched(world, since, Test("due_at", "lt", since.ts)) == []


async def test_another_tenants_watcher_hears_nothing(world: World) -> None:
    here = await world.hub.head(world.tenants["globex"])
    await a_life(world)
    assert await watched(world, here, tenant="globex") == []


async def test_closing_a_watcher_leaves_the_log_at_once(world: World) -> None:
    since, _ = await a_life(world)
    ctx = world.write_context()
    events = watch_orders(ctx, None, None, since, lambda position: None)
    await anext(events)
    assert world.hub.followers == 1
    await events.aclose()
    assert world.hub.followers == 0
