"""Streams of order events: what each caller is told, in which order, and what a cursor is good for."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from db.events import Position
from schema.execute import Answer, OperationRequest
from tests.support.facts import MOVE, UPDATE, Json, look, new_order, shop_of
from tests.support.feeds import Frame, Watched
from tests.support.world import KEY, World

WATCH = """subscription($where: OrderWhere, $types: [OrderEventType!], $after: String) {
    orderEvents(where: $where, types: $types, after: $after) {
        type id patch ts cursor order { id status version } } }"""


async def frames_of(stream: Watched, count: int) -> list[Json]:
    """The next frames, as JSON; the stream stays open."""
    frames = aiter(stream)
    async with asyncio.timeout(10):
        found = [await anext(frames) for _ in range(count)]
    return [{**json.loads(frame.payload), "id": frame.cursor} for frame in found]


def events_in(frames: list[Json]) -> list[Json]:
    assert [frame["extensions"]["cursor"] for frame in frames] == [frame["id"] for frame in frames]
    events = [frame["data"]["orderEvents"] for frame in frames]
    assert [event["cursor"] for event in events] == [frame["id"] for frame in frames]
    return events


async def here(world: World, tenant: str = "acme") -> str:
    """The cursor of the newest event."""
    position = await world.hub.head(world.tenants[tenant])
    return EventCursorCodec([KEY], epoch=7).encode(world.tenants[tenant], position)


async def replay(
    world: World,
    after: str,
    count: int,
    caller: Principal | str = "admin",
    **variables: Any,  # Any: JSON
) -> list[Json]:
    async with aclosing(await world.subscribe(WATCH, {"after": after, **variables}, caller=caller)) as stream:
        return events_in(await frames_of(stream, count))


async def change(world: World, order: str, **changes: Any) -> None:  # Any: JSON
    document = MOVE if "status" in changes else UPDATE
    reply = await world.ask(document, {"input": {"id": order, **changes}})
    assert reply.errors == []


async def test_a_life_is_told_in_order_as_it_happens(world: World) -> None:
    async with aclosing(await world.subscribe(WATCH, {"after": await here(world)})) as stream:
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
    assert created["patch"].keys() == {
        *("id", "number", "status", "total", "notes", "dueAt", "customer", "version", "createdAt", "updatedAt")
    }
    assert created["order"] == {"id": order, "status": "PENDING", "version": 1}
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
    assert all(event["order"]["version"] == 10 for event in everything)


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


async def moved_to(stream: Watched, cursor: str) -> None:
    """Wait until the stream is done with everything up to the cursor."""
    for _ in range(500):
        if stream.cursor == cursor:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the cursor never moved that far")


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


async def only_frame(world: World, caller: Principal | str = "admin", **request: Any) -> Json:  # Any: JSON
    """The one frame of a stream that ends at once."""
    stream = await world.subscribe(WATCH, request.get("variables"), caller=caller, last_event_id=request.get("last"))
    async with aclosing(stream), asyncio.timeout(10):
        frames: list[Frame] = [frame async for frame in stream]
    (frame,) = frames
    assert frame.cursor is None
    found: Json = json.loads(frame.payload)
    assert not found["data"]
    return found


@pytest.mark.parametrize("by", ["variables", "last"])
@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "AAAA" * 12, "A" * 10_000, "\ud800", "a\x00b"],
    ids=lambda value: ascii(value)[:6] + str(len(value)),
)
async def test_a_cursor_that_was_not_made_here_is_refused(world: World, by: str, cursor: str) -> None:
    request = {"variables": {"after": cursor}} if by == "variables" else {"last": cursor}
    found = await only_frame(world, **request)
    assert [error["extensions"]["code"] for error in found["errors"]] == ["BAD_USER_INPUT"]
    assert world.hub.followers == 0


async def test_another_tenants_cursor_and_a_page_cursor_are_refused(world: World) -> None:
    await new_order(world, caller=world.principal("admin", "globex"))
    foreign = await here(world, "globex")
    reply = await world.ask("{ orders(first: 1) { pageInfo { endCursor } } }")
    for cursor in (foreign, reply.data["orders"]["pageInfo"]["endCursor"]):
        for request in ({"variables": {"after": cursor}}, {"last": cursor}):
            found = await only_frame(world, **request)
            assert [error["extensions"]["code"] for error in found["errors"]] == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_epoch_or_of_the_future_asks_to_resync(world: World) -> None:
    tenant = world.tenants["acme"]
    head = await world.hub.head(tenant)
    promoted = EventCursorCodec([KEY], epoch=8).encode(tenant, head)
    future = EventCursorCodec([KEY], epoch=7).encode(tenant, Position(head.seq + 1_000, head.ts))
    for cursor in (promoted, future):
        found = await only_frame(world, variables={"after": cursor})
        assert [error["extensions"]["code"] for error in found["errors"]] == ["STREAM_RESYNC"]
        assert found["extensions"]["stream"] == {"resync": True}


async def test_a_log_that_was_cut_behind_the_cursor_asks_to_resync(fresh_world: World) -> None:
    world = fresh_world
    order = await new_order(world)
    start = await here(world)
    for number in range(3):
        await change(world, order, notes=f"note {number}")
    (first,) = await replay(world, start, 1)
    await look(world, "DELETE FROM event_log WHERE version = 2")
    found = await only_frame(world, variables={"after": start})
    assert [error["extensions"]["code"] for error in found["errors"]] == ["STREAM_RESYNC"]
    assert found["extensions"]["stream"] == {"resync": True}
    assert len(await replay(world, first["cursor"], 2)) == 2


async def test_a_bad_filter_ends_the_stream_with_its_code(world: World) -> None:
    found = await only_frame(world, variables={"where": {"id": {"eq": "cus_x"}}})
    assert [error["extensions"]["code"] for error in found["errors"]] == ["BAD_USER_INPUT"]


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


async def test_closing_frees_what_a_stream_holds_begun_or_not_waiting_or_not(world: World) -> None:
    unbegun = await world.subscribe(WATCH)
    await unbegun.aclose()
    start = await here(world)
    await new_order(world)
    streams = [await world.subscribe(WATCH, {"after": start}) for _ in range(5)]
    for stream in streams:
        await frames_of(stream, 1)
    assert world.hub.followers == 1
    for stream in streams:
        await stream.aclose()
    assert world.hub.followers == 0
    waited = await world.subscribe(WATCH)
    waiting = asyncio.create_task(frames_of(waited, 1))
    for _ in range(100):
        if world.hub.followers:
            break
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await waited.aclose()
    assert world.hub.followers == 0


async def test_a_stream_that_was_cancelled_or_ended_yields_nothing_more(world: World) -> None:
    stream = await world.subscribe(WATCH)
    await stream.aclose()
    assert [frame async for frame in stream] == []
