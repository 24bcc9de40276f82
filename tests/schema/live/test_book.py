"""The book of open subscriptions: how far behind each is, and how one is ended."""

from contextlib import aclosing

from schema.live.book import TERMINATED
from tests.support.facts import UPDATE, new_order
from tests.support.waiting import until
from tests.support.world import World

WATCH = "subscription Notes { orderEvents { patch } }"


async def test_frames_that_wait_are_lag_until_they_are_taken(fresh_world: World) -> None:
    world, acme = fresh_world, fresh_world.tenants["acme"].hex
    order = await new_order(world)
    stream = await world.subscribe(WATCH)
    async with aclosing(stream):
        await until(lambda: stream.feed.done is not None)
        (entry,) = world.gateway.book.here(acme)
        assert (entry.operation, entry.lag_events, entry.lag_milliseconds, entry.shared_by) == ("Notes", 0, 0, 1)
        for notes in ("one", "two", "three"):
            await world.ask(UPDATE, {"input": {"id": order, "notes": notes}})
        await until(lambda: world.gateway.book.here(acme)[0].lag_events == 3)
        await until(lambda: world.gateway.book.here(acme)[0].lag_milliseconds > 0)
        frames = aiter(stream)
        for _ in range(3):
            await anext(frames)
        (entry,) = world.gateway.book.here(acme)
        assert (entry.lag_events, entry.lag_milliseconds) == (0, 0)


async def test_equal_subscriptions_are_told_how_many_share_them(fresh_world: World) -> None:
    world, acme = fresh_world, fresh_world.tenants["acme"].hex
    async with (
        aclosing(await world.subscribe(WATCH)),
        aclosing(await world.subscribe(WATCH)),
        aclosing(await world.subscribe(WATCH, caller="viewer")),
    ):
        shared = {entry.email: entry.shared_by for entry in world.gateway.book.here(acme)}
        assert shared == {"admin@acme.example": 2, "viewer@acme.example": 1}
    assert world.gateway.book.here(acme) == []


async def test_an_end_is_for_one_stream_of_the_tenant(fresh_world: World) -> None:
    world, acme, globex = fresh_world, fresh_world.tenants["acme"].hex, fresh_world.tenants["globex"].hex
    one, other = await world.subscribe(WATCH), await world.subscribe(WATCH)
    async with aclosing(one), aclosing(other):
        stream_id = world.gateway.book.here(acme)[0].id
        assert not world.gateway.book.end_here(globex, stream_id)
        assert not world.gateway.book.end_here(acme, "str_unknown")
        assert (one.feed.ending, other.feed.ending) == (None, None)
        assert world.gateway.book.end_here(acme, stream_id)
        assert sorted(map(str, (one.feed.ending, other.feed.ending))) == sorted(map(str, (TERMINATED, None)))
        assert not world.gateway.book.end_here(acme, stream_id)
