"""The client gives each caller its own answer, and its absences one name."""

import asyncio
import random

import pytest

from db import redis_client as module
from db.breaker import Outcome, State
from db.errors import RedisAway
from db.redis_client import redis_client
from tests.support.redis import RedisServer
from tests.support.waiting import until


async def test_a_cancelled_command_never_answers_the_next_one(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECTIONS", 2)
    chance = random.Random(7)
    async with redis_client(redis.url) as client:
        for number in range(300):
            task = asyncio.ensure_future(client.echo(f"cancelled {number}"))
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            task.cancel()
            assert await client.echo(f"mine {number}") == f"mine {number}"
            await asyncio.gather(task, return_exceptions=True)


async def test_a_redis_that_cannot_be_reached_is_away() -> None:
    async with redis_client("redis://127.0.0.1:1") as client:
        with pytest.raises(RedisAway):
            async with client.asked():
                await client.ping()


async def test_a_connection_that_closed_before_it_was_used_is_away() -> None:
    """In uvloop's words, which are not a driver's error."""
    with pytest.raises(RedisAway):
        async with redis_client("redis://127.0.0.1:1").asked():
            raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


async def test_more_commands_than_connections_wait_for_one_another(redis: RedisServer) -> None:
    async with redis_client(redis.url) as client:
        numbers = [str(number) for number in range(20 * module.CONNECTIONS)]
        assert await asyncio.gather(*[client.echo(number) for number in numbers]) == numbers


async def test_a_redis_that_hangs_holds_up_few_commands_and_one_finds_out_when_it_is_back(
    redis_apart: RedisServer,
) -> None:
    async with redis_client(redis_apart.url) as client:
        await client.ping()
        redis_apart.freeze()
        try:
            for _ in range(module.TOLERANCE.failures):
                with pytest.raises(RedisAway):
                    async with client.asked(0.05):
                        await client.ping()
            held_up = 0
            for _ in range(200):
                with pytest.raises(RedisAway) as refused:
                    async with client.asked(0.05):
                        await client.ping()
                held_up += not refused.value.seconds
                assert refused.value.seconds <= module.TOLERANCE.longest
            assert held_up < 20  # the few that found out whether it is back
        finally:
            redis_apart.thaw()
        await until(lambda: client.breaker.state is State.HALF_OPEN)
        async with client.asked():
            await client.ping()
        assert client.breaker.state is State.CLOSED


async def test_a_command_that_redis_refuses_is_away_for_its_caller_and_no_outage(redis: RedisServer) -> None:
    async with redis_client(redis.url) as client:
        await client.set("a word", "no number")
        for _ in range(2 * module.TOLERANCE.failures):
            with pytest.raises(RedisAway):
                async with client.asked():
                    await client.incr("a word")
        assert client.breaker.state is State.CLOSED
        assert client.breaker.counts[Outcome.ANSWERED] == 2 * module.TOLERANCE.failures
