"""One client's place in a group, and that leaving it frees everything."""

import asyncio

from tests.support.facts import new_order
from tests.support.told import WATCH, frames_of, here
from tests.support.world import World


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
