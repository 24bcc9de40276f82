"""Where a stream of order events begins."""

import json
from contextlib import aclosing

import pytest

from db.event_cursors import EventCursorCodec
from tests.support.feeds import Frame
from tests.support.world import KEY, World

WATCH = "subscription ($after: String) { orderEvents(after: $after) { patch } }"
NOTE = "mutation ($id: ID!, $notes: String!) { updateOrder(input: {id: $id, notes: $notes}) { userErrors { code } } }"


async def notes_of(
    world: World, after: str | None, last_event_id: str | None, count: int, *, by_get: bool = False
) -> list[Frame]:
    """The first frames of a stream that begins there."""
    stream = await world.subscribe(WATCH, {"after": after}, last_event_id=last_event_id, by_get=by_get)
    async with aclosing(stream):
        frames = aiter(stream)
        return [await anext(frames) for _ in range(count)]


async def take_notes(world: World, *notes: str) -> str:
    """Write the notes of one order, each a change; answers the cursor before the first."""
    order = (await world.ask("{ orders(first: 1) { nodes { id } } }")).data["orders"]["nodes"][0]["id"]
    tenant = world.tenants["acme"]
    cursor = EventCursorCodec([KEY], epoch=7).encode(tenant, await world.hub.head(tenant))
    for each in notes:
        assert (await world.ask(NOTE, {"id": order, "notes": each})).codes == []
    return cursor


def told(frames: list[Frame]) -> list[str]:
    return [json.loads(frame.payload)["data"]["orderEvents"]["patch"]["notes"] for frame in frames]


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_stream_resumes_after_a_cursor(fresh_world: World, by_header: bool) -> None:
    cursor = await take_notes(fresh_world, "first", "second")
    frames = await notes_of(fresh_world, None if by_header else cursor, cursor if by_header else None, 2)
    assert told(frames) == ["first", "second"]


@pytest.mark.parametrize(("by_get", "newer"), [(True, "header"), (False, "after")])
async def test_on_get_the_last_event_id_wins_and_on_post_after(fresh_world: World, by_get: bool, newer: str) -> None:
    before = await take_notes(fresh_world, "first", "second")
    (first,) = await notes_of(fresh_world, before, None, 1)
    after, header = (before, first.cursor) if newer == "header" else (first.cursor, before)
    assert told(await notes_of(fresh_world, after, header, 1, by_get=by_get)) == ["second"]
    assert told(await notes_of(fresh_world, header, after, 1, by_get=by_get)) == ["first"]
