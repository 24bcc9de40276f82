"""The client gives each caller its own answer, and its absences one name."""

import asyncio
import random

import pytest

from db import redis_client as module
from db.errors import RedisAway
from db.redis_client import away_as_unavailable, redis_client
from tests.support.redis import RedisServer


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
        with pytest.raises(RedisAway), away_as_unavailable():
            await client.ping()


def test_a_connection_that_closed_before_it_was_used_is_away() -> None:
    """In uvloop's words, which are not a driver's error."""
    with pytest.raises(RedisAway), away_as_unavailable():
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


async def test_more_commands_than_connections_wait_for_one_another(redis: RedisServer) -> None:
    async with redis_client(redis.url) as client:
        numbers = [str(number) for number in range(20 * module.CONNECTIONS)]
        assert await asyncio.gather(*[client.echo(number) for number in numbers]) == numbers
