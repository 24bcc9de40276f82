"""Streams of order events as a test reads them: frames, and what changes an order."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from tests.support.facts import MOVE, UPDATE, Json
from tests.support.feeds import Watched
from tests.support.waiting import until
from tests.support.world import KEY, World

WATCH = """subscription($where: OrderWhere, $types: [OrderEventType!], $after: String) {
    orderEvents(where: $where, types: $types, after: $after) {
        type id patch ts cursor } }"""
ROWS = """subscription($after: String) { orderEvents(after: $after) {
        type id patch ts cursor order { id status notes version } } }"""


async def frames_of(stream: Watched, count: int) -> list[Json]:
    """The next frames, as JSON; the stream stays open."""
    frames = aiter(stream)
    async with asyncio.timeout(60):
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
    document: str = WATCH,
    **variables: Any,  # Any: JSON
) -> list[Json]:
    async with aclosing(await world.subscribe(document, {"after": after, **variables}, caller=caller)) as stream:
        return events_in(await frames_of(stream, count))


async def change(world: World, order: str, **changes: Any) -> None:  # Any: JSON
    document = MOVE if "status" in changes else UPDATE
    reply = await world.ask(document, {"input": {"id": order, **changes}})
    assert reply.errors == []


async def moved_to(stream: Watched, cursor: str) -> None:
    """Wait until the stream is done with everything up to the cursor."""
    await until(lambda: stream.cursor == cursor)
