"""A hub woken through Redis: two processes, and a Redis that is killed, lies and repeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from db.engine import Database
from db.hub import CHANNEL, Hub
from db.redis_bus import RedisBus
from tests.support.followers import SOON, another_process, following, hub_on, nothing_comes, numbers, take, write
from tests.support.plant import Floor
from tests.support.redis import RedisServer
from tests.support.waiting import until


@asynccontextmanager
async def redis_hub(database: Database, redis: RedisServer, poll_seconds: float = 60.0) -> AsyncIterator[Hub]:
    bus = RedisBus(redis.url)
    try:
        async with hub_on(database, poll_seconds, bus) as hub:
            yield hub
    finally:
        await bus.close()


async def test_a_commit_of_another_process_arrives_by_its_wake_up(fresh_floor: Floor, redis: RedisServer) -> None:
    async with (
        another_process(fresh_floor) as other,
        redis_hub(other, redis),
        redis_hub(fresh_floor.database, redis) as hub,
        following(hub, fresh_floor) as stream,
    ):
        waiting = asyncio.create_task(take(stream, 15))
        await asyncio.sleep(SOON)
        await write(other, fresh_floor.mine)
        await write(other, fresh_floor.mine)
        assert await waiting == [14, 15]


async def test_while_redis_is_gone_the_log_is_polled_and_nothing_is_lost(
    fresh_floor: Floor, redis_apart: RedisServer
) -> None:
    async with (
        another_process(fresh_floor) as other,
        redis_hub(other, redis_apart, SOON),
        redis_hub(fresh_floor.database, redis_apart, SOON) as hub,
        following(hub, fresh_floor) as stream,
    ):
        await write(other, fresh_floor.mine)
        assert await take(stream, 14) == [14]
        redis_apart.kill()
        for number in range(15, 20):
            await write(other, fresh_floor.mine)
            assert await take(stream, number) == [number]
        redis_apart.start()
        await write(other, fresh_floor.mine)
        assert await take(stream, 20) == [20]


async def test_when_redis_is_back_what_was_missed_is_looked_up_at_once(
    fresh_floor: Floor, redis_apart: RedisServer
) -> None:
    async with (
        another_process(fresh_floor) as other,
        redis_hub(fresh_floor.database, redis_apart) as hub,
        following(hub, fresh_floor) as stream,
    ):
        waiting = asyncio.create_task(take(stream, 14))
        await asyncio.sleep(SOON)
        redis_apart.kill()
        await write(other, fresh_floor.mine)  # nobody tells of it, and the next poll is a minute away
        redis_apart.start()
        assert await waiting == [14]


@pytest.mark.parametrize(
    "lie",
    [
        *("{tenant}:999999999", "{tenant}:0", "{tenant}:-1", "x:y,z", "", b"\xff\xfe:1"),
        *("{tenant}:\u00b2", "{tenant}:\u0663", "{tenant}:" + "9" * 5_000),
    ],
    ids=lambda lie: ascii(lie)[:24],
)
async def test_a_redis_that_lies_and_repeats_does_no_harm(
    fresh_floor: Floor, redis: RedisServer, lie: str | bytes
) -> None:
    async with (
        redis_hub(fresh_floor.database, redis, SOON) as hub,
        following(hub, fresh_floor) as stream,
        another_process(fresh_floor) as other,
        redis.client() as liar,
    ):
        waiting = asyncio.create_task(take(stream, 14))
        said = lie if isinstance(lie, bytes) else lie.format(tenant=fresh_floor.mine.hex)
        for _ in range(100):
            await liar.publish(CHANNEL, said)
        await write(other, fresh_floor.mine)
        for _ in range(100):
            await liar.publish(CHANNEL, f"{fresh_floor.mine.hex}:14")
        assert await waiting == [14]
        assert hub._bus.live, "it listens as before"
        assert await nothing_comes(stream)


async def test_a_redis_that_keeps_hanging_up_costs_no_event(fresh_floor: Floor, redis_apart: RedisServer) -> None:
    async with (
        another_process(fresh_floor) as other,
        redis_hub(other, redis_apart),
        redis_hub(fresh_floor.database, redis_apart, SOON) as hub,
        following(hub, fresh_floor) as stream,
    ):
        arriving = asyncio.create_task(take(stream, 33))
        await until(lambda: hub.followers == 1)
        for _ in range(20):
            await redis_apart.hang_up_on_listeners()
            await write(other, fresh_floor.mine)
        assert await arriving == numbers(14, 33)
