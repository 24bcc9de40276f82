"""Reservations while their Redis is gone, and when it is back."""

from uuid import uuid4

import pytest

from db.errors import NoSuchReservation, Unavailable
from db.redis_reservations import RedisReservations
from db.reservations import Holder, key_of
from tests.support.redis import RedisServer

HOLDER = Holder(uuid4().hex, uuid4().hex, None)


async def test_every_step_says_that_redis_is_away_and_works_again_when_it_is_back(redis_apart: RedisServer) -> None:
    kept = RedisReservations(redis_apart.url)
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
    with pytest.raises(NoSuchReservation):
        await kept.find(key, HOLDER)
    await kept.renew({key: HOLDER}, "me")  # an open stream is found again
    assert (await kept.find(key, HOLDER)).owner == "me"
    await kept.make(HOLDER, None)
    await kept.close()


async def test_a_redis_that_refuses_counts_as_away(redis_apart: RedisServer) -> None:
    kept = RedisReservations(redis_apart.url)
    async with redis_apart.client() as outside:
        await outside.config_set("min-replicas-to-write", "1")
    with pytest.raises(Unavailable):
        await kept.make(HOLDER, None)
    await kept.close()


async def test_a_redis_that_hangs_is_not_waited_for_for_long(
    redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.redis_client.COMMAND_SECONDS", 0.2)
    kept = RedisReservations(redis_apart.url)
    await kept.make(HOLDER, None)
    redis_apart.freeze()
    try:
        with pytest.raises(Unavailable):
            await kept.make(HOLDER, None)
    finally:
        redis_apart.thaw()
    await kept.make(HOLDER, None)
    await kept.close()
