"""Reservations while their Redis is gone, and when it is back."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from db.breaker import State
from db.errors import NoSuchReservation, Unavailable
from db.redis_client import RedisClient, forget_idle, redis_client
from db.redis_reservations import RedisReservations
from db.reservations import Holder, key_of
from tests.support.redis import RedisServer
from tests.support.waiting import until


@pytest.fixture
async def client(redis_apart: RedisServer) -> AsyncIterator[RedisClient]:
    async with redis_client(redis_apart.url) as client:
        yield client


HOLDER = Holder(uuid4().hex, uuid4().hex, None)


async def test_every_step_says_that_redis_is_away_until_it_is_back(
    redis_apart: RedisServer, client: RedisClient
) -> None:
    kept = RedisReservations(client)
    key = key_of(await kept.make(HOLDER, None))
    redis_apart.kill()
    for step in (
        kept.make(HOLDER, None),
        kept.find(key, HOLDER),
        kept.claim(key, HOLDER, "me"),
        kept.keep(key, HOLDER, "op", "text"),
        kept.drop(key, HOLDER, "op"),
        kept.renew({key: HOLDER}, "me"),
        kept.release(key, HOLDER, "me"),
    ):
        with pytest.raises(Unavailable):
            await step
    redis_apart.start()
    await forget_idle(client)
    await until(lambda: client.breaker.state is State.HALF_OPEN)
    with pytest.raises(NoSuchReservation):
        await kept.find(key, HOLDER)
    await kept.renew({key: HOLDER}, "me")  # an open stream is found again
    assert (await kept.find(key, HOLDER)).owner == "me"
    await kept.make(HOLDER, None)


async def test_a_redis_that_refuses_counts_as_away(redis_apart: RedisServer, client: RedisClient) -> None:
    kept = RedisReservations(client)
    async with redis_apart.client() as outside:
        await outside.config_set("min-replicas-to-write", "1")
    with pytest.raises(Unavailable):
        await kept.make(HOLDER, None)


async def test_a_redis_that_hangs_is_not_waited_for_for_long(
    redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.redis_client.COMMAND_SECONDS", 0.2)
    kept = RedisReservations(redis_client(redis_apart.url))
    await kept.make(HOLDER, None)
    redis_apart.freeze()
    try:
        with pytest.raises(Unavailable):
            await kept.make(HOLDER, None)
    finally:
        redis_apart.thaw()
    await kept.make(HOLDER, None)
    await kept._client.aclose()
