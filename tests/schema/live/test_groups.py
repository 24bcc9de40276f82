"""Where a subscription begins: which cursors are good, and what those are told whose are not."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from db.events import Position
from tests.support.facts import Json, look, new_order
from tests.support.feeds import Frame
from tests.support.told import WATCH, change, here, replay
from tests.support.world import KEY, World


async def only_frame(world: World, caller: Principal | str = "admin", **request: Any) -> Json:  # Any: JSON
    """The one frame of a stream that ends at once."""
    stream = await world.subscribe(WATCH, request.get("variables"), caller=caller, last_event_id=request.get("last"))
    async with aclosing(stream), asyncio.timeout(60):
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
