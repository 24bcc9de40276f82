"""A bus on Redis outlives its Redis, and says when it was deaf."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from db.breaker import State, Tolerance
from db.errors import Unavailable
from db.redis_bus import RedisBus
from tests.db.test_bus import Ear
from tests.support.redis import RedisServer
from tests.support.waiting import until, until_answered


@asynccontextmanager
async def redis_bus(server: RedisServer, question_seconds: float = 5.0) -> AsyncIterator[RedisBus]:
    bus = RedisBus(server.url, question_seconds)
    try:
        yield bus
    finally:
        await bus.close()


async def test_it_hears_again_by_itself_after_redis_was_killed(redis_apart: RedisServer) -> None:
    async with redis_bus(redis_apart) as bus:
        ear = await Ear().at(bus)
        await ear.hears_again()
        redis_apart.kill()
        await until(lambda: not bus.live)
        with pytest.raises(Unavailable):
            await bus.publish(ear.channel, "into the void")
        redis_apart.start()
        await ear.hears_again()
        assert bus.live
        await bus.publish(ear.channel, "after")
        assert await ear.next() == "after"


async def test_a_connection_that_is_cut_is_never_made_again_in_silence(redis_apart: RedisServer) -> None:
    async with redis_bus(redis_apart) as bus:
        ear = await Ear().at(bus)
        for _ in range(5):
            await ear.hears_again()
            await redis_apart.hang_up_on_listeners()
        await ear.hears_again()
        await bus.publish(ear.channel, "heard")
        assert await ear.next() == "heard"


async def test_listening_begins_when_redis_comes_up_later(redis_apart: RedisServer) -> None:
    redis_apart.kill()
    async with redis_bus(redis_apart) as bus:
        ear = await Ear().at(bus)
        assert not bus.live
        redis_apart.start()
        await ear.hears_again()
        assert bus.live


async def test_a_redis_that_went_silent_is_noticed(redis_apart: RedisServer) -> None:
    async with redis_bus(redis_apart, question_seconds=0.1) as bus:
        ear = await Ear().at(bus)
        await ear.hears_again()
        redis_apart.freeze()
        try:
            await until(lambda: not bus.live)
        finally:
            redis_apart.thaw()
        await ear.hears_again()


async def test_a_listener_in_a_quiet_time_stays(redis: RedisServer) -> None:
    async with redis_bus(redis, question_seconds=0.5) as bus:
        ear = await Ear().at(bus)
        await ear.hears_again()
        await asyncio.sleep(1.2)
        assert bus.live
        assert ear.back.empty()
        assert ear.texts.empty()


async def test_bytes_that_are_no_text_are_heard_as_something(redis: RedisServer) -> None:
    async with redis_bus(redis) as bus, redis.client() as outside:
        ear = await Ear().at(bus)
        await outside.publish(ear.channel, b"\xff\xfe")
        await outside.publish(ear.channel, "good")
        await ear.next()
        assert await ear.next() == "good"


async def test_closing_leaves_no_connection(redis_apart: RedisServer) -> None:
    async with redis_apart.client() as outside:
        async with redis_bus(redis_apart) as bus:
            ear = await Ear().at(bus)
            await bus.publish(ear.channel, "x")

        async def alone() -> bool:
            return len(await outside.client_list()) == 1

        await until_answered(alone)


async def test_when_it_hears_again_no_command_fails_on_an_old_connection(redis_apart: RedisServer) -> None:
    async with redis_bus(redis_apart) as bus:
        ear = await Ear().at(bus)
        await asyncio.gather(*[bus.publish("elsewhere", "x") for _ in range(10)])
        await ear.hears_again()
        redis_apart.kill()
        redis_apart.start()
        await ear.hears_again()
        assert await asyncio.gather(*[bus.publish("elsewhere", "x") for _ in range(10)]) == [0] * 10


async def test_when_it_hears_again_commands_go_through_at_once_whatever_was_refused_before(
    redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.redis_client.TOLERANCE", Tolerance(failures=3, first=3600.0, longest=3600.0))
    async with redis_bus(redis_apart) as bus:
        ear = await Ear().at(bus)
        await ear.hears_again()
        redis_apart.kill()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await bus.publish(ear.channel, "into the void")
        assert bus.client.breaker.state is State.OPEN
        redis_apart.start()
        await ear.hears_again()
        await bus.publish(ear.channel, "after")
        assert await ear.next() == "after"


async def test_whoever_fails_at_what_was_said_hears_what_is_said_next(redis: RedisServer) -> None:
    heard: list[int] = []
    async with redis_bus(redis) as bus:
        await bus.listen("numbers", lambda said: heard.append(int(said)), lambda: None)
        for said in ("1", "nonsense", "2"):
            await bus.publish("numbers", said)
        await until(lambda: len(heard) == 2)
        assert bus.live
    assert heard == [1, 2]
