"""Streams of order events: what each caller is told, in which order, and what a cursor is good for."""

import asyncio
import json
from contextlib import aclosing

import pytest

from schema.execute import Answer, OperationRequest
from tests.support.facts import Json, new_order, shop_of
from tests.support.told import ROWS, WATCH, change, events_in, frames_of, here, moved_to, replay
from tests.support.world import World


async def test_a_life_is_told_in_order_as_it_happens(world: World) -> None:
    async with aclosing(await world.subscribe(ROWS, {"after": await here(world)})) as stream:
        order = await new_order(world, notes="first")
        (created,) = events_in(await frames_of(stream, 1))
        await change(world, order, status="CONFIRMED")
        (moved,) = events_in(await frames_of(stream, 1))
        await change(world, order, notes="second")
        (updated,) = events_in(await frames_of(stream, 1))
    assert [event["type"] for event in (created, moved, updated)] == [
        "order.created",
        "order.status_changed",
        "order.updated",
    ]
    assert {event["id"] for event in (created, moved, updated)} == {order}
    assert created["patch"].keys() == {"id", "status", "notes", "version", "updatedAt"}
    assert created["order"] == {"id": order, "status": "PENDING", "notes": "first", "version": 1}
    assert moved["patch"].keys() == {"status", "version", "updatedAt"}
    assert (moved["patch"]["status"], moved["patch"]["version"]) == ("CONFIRMED", 2)
    assert (updated["patch"]["notes"], updated["order"]["version"]) == ("second", 3)
    assert created["ts"] <= moved["ts"] <= updated["ts"]


async def test_a_replay_tells_exactly_the_missed_in_order_and_none_twice(world: World) -> None:
    start = await here(world)
    order = await new_order(world)
    for number in range(9):
        await change(world, order, notes=f"note {number}")
    everything = await replay(world, start, 10)
    assert [event["patch"]["version"] for event in everything] == list(range(1, 11))
    for place in range(9):
        rest = await replay(world, everything[place]["cursor"], 9 - place)
        assert [event["cursor"] for event in rest] == [event["cursor"] for event in everything[place + 1 :]]
    stream = await world.subscribe(WATCH, last_event_id=everything[4]["cursor"])
    async with aclosing(stream):
        assert [event["cursor"] for event in events_in(await frames_of(stream, 5))] == [
            event["cursor"] for event in everything[5:]
        ]
    assert all(event["order"]["version"] == 10 for event in await replay(world, start, 10, document=ROWS))


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        ("", [["status"], ["notes"], ["customer"]]),
        ("order { version }", []),
        ("order { status }", [["status"]]),
        ("order { state: status notes }", [["status"], ["notes"]]),
        ("order { ...Fields } order { customer { name } }", [["notes"], ["customer"]]),
        ("order { status @skip(if: $yes) ... on Order { notes } }", [["notes"]]),
        ("order { items { sku } total { amount } }", []),
    ],
)
async def test_where_fields_of_the_row_are_selected_only_their_changes_are_told(
    world: World, selection: str, told: list[list[str]]
) -> None:
    order, shop = await new_order(world), await shop_of(world)
    start = await here(world)
    await change(world, order, status="CONFIRMED")
    await change(world, order, notes="seen")
    await change(world, order, customerId=shop.customers[1])
    end = await here(world)
    declared = "$after: String, $yes: Boolean = true" if "$yes" in selection else "$after: String"
    document = f"subscription({declared}) {{ orderEvents(after: $after) {{ cursor patch {selection} }} }}"
    document += " fragment Fields on Order { notes }" * ("...Fields" in selection)
    async with aclosing(await world.subscribe(document, {"after": start})) as stream:
        patches = [event["patch"] for event in events_in(await frames_of(stream, len(told)))]
        await moved_to(stream, end)
        assert stream.feed.take() == []
    assert [sorted(patch.keys() - {"version", "updatedAt"}) for patch in patches] == told


async def test_a_change_is_told_to_who_matches_it_before_or_after(world: World) -> None:
    start = await here(world)
    order = await new_order(world)
    for status in ("CONFIRMED", "PROCESSING", "CANCELLED"):
        await change(world, order, status=status)
    told = await replay(world, start, 2, where={"status": {"eq": "PENDING"}})
    assert [event["patch"]["status"] for event in told] == ["PENDING", "CONFIRMED"]
    told = await replay(world, start, 2, where={"status": {"eq": "PROCESSING"}})
    assert [event["patch"]["status"] for event in told] == ["PROCESSING", "CANCELLED"]


async def test_only_the_types_asked_for_are_told(world: World) -> None:
    start = await here(world)
    order = await new_order(world)
    await change(world, order, notes="n")
    await change(world, order, status="CONFIRMED")
    for types, expected in (
        (["STATUS_CHANGED"], ["order.status_changed"]),
        (["CREATED", "UPDATED"], ["order.created", "order.updated"]),
        (None, ["order.created", "order.updated", "order.status_changed"]),
    ):
        assert [event["type"] for event in await replay(world, start, len(expected), types=types)] == expected


async def test_a_partner_is_told_nothing_of_customers_and_not_that_one_changed(world: World) -> None:
    order, shop = await new_order(world), await shop_of(world)
    async with aclosing(await world.subscribe(WATCH, {"after": await here(world)}, caller="partner")) as stream:
        waiting = asyncio.create_task(frames_of(stream, 1))
        await change(world, order, customerId=shop.customers[1])
        await moved_to(stream, await here(world))
        assert not waiting.done()
        await change(world, order, customerId=shop.customers[2], notes="seen")
        (event,) = events_in(await waiting)
    assert event["patch"].keys() == {"notes", "version", "updatedAt"}
    assert "cus_" not in json.dumps(event)
    start = event["cursor"]
    await new_order(world)
    (created,) = await replay(world, start, 1, "partner")
    assert "customer" not in created["patch"]


async def test_a_creation_changes_every_field(world: World) -> None:
    start = await here(world)
    await new_order(world)
    (created,) = await replay(world, start, 1)
    assert created["patch"].keys() == {
        *("id", "number", "status", "total", "notes", "dueAt", "customer", "version", "createdAt", "updatedAt")
    }


async def test_events_of_other_tenants_and_of_no_interest_move_the_cursor_at_most(world: World) -> None:
    never = {"where": {"number": {"eq": "none"}}, "after": await here(world)}
    async with aclosing(await world.subscribe(WATCH, never)) as stream:
        waiting = asyncio.create_task(frames_of(stream, 1))
        await new_order(world, caller=world.principal("admin", "globex"))
        await new_order(world)
        await moved_to(stream, await here(world))
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize(
    ("caller", "code"), [(None, "UNAUTHENTICATED"), ("without", "FORBIDDEN"), ("filtering partner", "FORBIDDEN")]
)
async def test_who_may_not_watch_gets_no_stream(world: World, caller: str | None, code: str) -> None:
    who = {
        None: None,
        "without": world.principal(grants=frozenset({"products:read", "customers:read"})),
        "filtering partner": world.principal("partner"),
    }[caller]
    variables: Json | None = {"where": {"customerId": {"in": []}}} if caller == "filtering partner" else None
    request = OperationRequest(WATCH, variables, None, None, "r", allow_stream=True)
    answer = await world.gateway.answer(request, who)
    assert isinstance(answer, Answer)
    assert answer.code == code
    assert b"data" not in answer.body
    assert world.hub.followers == 0
