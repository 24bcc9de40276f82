"""One client's place in a group: what becomes of who is slow, ended or judged again; leaving frees everything."""

import asyncio

from schema.live.frames import Ending, EndReason
from schema.live.member import Member
from tests.support.facts import new_order, shop_of
from tests.support.feeds import Watched
from tests.support.told import WATCH, change, events_in, frames_of, here, replay
from tests.support.waiting import until
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
    await until(lambda: world.hub.followers)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await waited.aclose()
    assert world.hub.followers == 0


async def test_a_stream_that_was_cancelled_or_ended_yields_nothing_more(world: World) -> None:
    stream = await world.subscribe(WATCH)
    await stream.aclose()
    assert [frame async for frame in stream] == []


async def test_who_falls_further_behind_than_the_limit_is_closed_with_the_cursor_to_resume_from(world: World) -> None:
    order = await new_order(world)
    stream = await world.subscribe(WATCH, {"after": await here(world)})
    await change(world, order, notes="taken")
    (taken,) = events_in(await frames_of(stream, 1))
    feed = member(stream)
    feed.group.limit = 3
    for number in range(4):
        await change(world, order, notes=f"n{number}")
        await until(lambda: feed.ending is not None or feed.behind > number)  # noqa: B023
    await until(lambda: feed.ending is not None)
    assert feed.ending is not None
    assert feed.ending.reason is EndReason.SLOW
    assert not feed.ending.completes
    assert feed.take() == []
    assert feed.cursor == taken["cursor"]
    await stream.aclose()
    assert [event["patch"]["notes"] for event in await replay(world, taken["cursor"], 4)] == ["n0", "n1", "n2", "n3"]


async def test_where_only_the_newest_counts_what_was_skipped_is_told_and_can_be_read(world: World) -> None:
    one, other = await new_order(world), await new_order(world)
    start = await here(world)
    stream = await world.subscribe(WATCH, {"after": start})
    feed = member(stream)
    feed.group.coalesces, feed.group.limit = True, None
    for order, notes in ((one, "a"), (other, "b"), (one, "c"), (one, "d")):
        await change(world, order, notes=notes)
    await until(lambda: feed.behind == 4)
    frames = await frames_of(stream, 2)
    assert [frame["data"]["orderEvents"]["patch"]["notes"] for frame in frames] == ["b", "d"]
    assert frames[0]["extensions"] == {
        "cursor": frames[0]["id"],
        "stream": {"skipped": {"count": 2, "cursor": start}},
    }
    assert frames[1]["extensions"] == {"cursor": frames[1]["id"]}
    await stream.aclose()
    skipped = await replay(world, frames[0]["extensions"]["stream"]["skipped"]["cursor"], 4)
    assert [event["patch"]["notes"] for event in skipped] == ["a", "b", "c", "d"]


async def test_who_is_ended_is_told_nothing_more_and_frees_the_group(world: World) -> None:
    order = await new_order(world)
    stream = await world.subscribe(WATCH, {"after": await here(world)})
    await change(world, order, notes="too late")
    feed = member(stream)
    await until(lambda: feed.behind == 1)
    ending = Ending(EndReason.TERMINATED, "FORBIDDEN")
    feed.finish(ending)
    feed.finish(Ending(EndReason.SLOW))
    assert (feed.take(), feed.ending) == ([], ending)
    assert not world.gateway.groups.members
    await stream.aclose()
    await until(lambda: world.hub.followers == 0)


async def test_a_caller_of_other_permissions_goes_on_from_the_same_place(world: World) -> None:
    order, shop = await new_order(world), await shop_of(world)
    stream = await world.subscribe(WATCH, {"after": await here(world)})
    await change(world, order, notes="as admin")
    assert events_in(await frames_of(stream, 1))[0]["patch"]["notes"] == "as admin"
    await change(world, order, customerId=shop.customers[1], notes="as partner")
    feed = member(stream)
    await until(lambda: feed.behind == 1)
    world.gateway.judge_again(feed, world.principal("partner"))
    (event,) = events_in(await frames_of(stream, 1))
    assert event["patch"].keys() == {"notes", "version", "updatedAt"}
    world.gateway.judge_again(feed, world.principal(grants=frozenset({"products:read"})))
    assert feed.ending is not None
    assert (feed.ending.reason, feed.ending.code) == (EndReason.FORBIDDEN, "FORBIDDEN")
    await stream.aclose()
    assert not world.gateway.groups.members


def member(stream: Watched) -> Member:
    assert isinstance(stream.feed, Member)
    return stream.feed
