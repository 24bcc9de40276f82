"""Places that several workers count together: never more than there are, and none that is held by the dead."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from db.errors import Unavailable
from db.redis_client import RedisClient, redis_client
from db.redis_places import Holding, RedisPlaces
from tests.support.redis import RedisServer

KEY = "acme/ada"


@pytest.fixture
async def client(redis_apart: RedisServer) -> AsyncIterator[RedisClient]:
    async with redis_client(redis_apart.url) as client:
        yield client


@pytest.fixture
async def one(client: RedisClient) -> RedisPlaces:
    return RedisPlaces(client)


@pytest.fixture
async def other(client: RedisClient) -> RedisPlaces:
    return RedisPlaces(client)


async def held(places: RedisPlaces, held: int, wanted: int, most: int = 5, *, known: bool = False) -> int:
    """What is held of the key afterwards."""
    settled = await places.settle([Holding(KEY, held, wanted, most)], known=known)
    assert settled is not None
    return settled.held[0]


async def forget(client: RedisClient, places: RedisPlaces) -> None:
    """Let the worker's lease be over."""
    await client.zadd("tidegate:places", {places._name: 1})
    await client.delete(f"tidegate:places:{places._name}")


async def test_nobody_holds_what_others_hold(one: RedisPlaces, other: RedisPlaces) -> None:
    assert await held(one, 0, 3) == 3
    assert await held(other, 0, 3) == 2
    assert await held(one, 3, 4) == 3
    assert await held(other, 2, 3) == 2


async def test_what_is_given_back_is_there_for_others_and_twice_is_once(one: RedisPlaces, other: RedisPlaces) -> None:
    assert await held(one, 0, 5) == 5
    assert await held(other, 0, 2) == 0
    for _ in range(3):
        assert await held(one, 4, 4) == 4
    assert await held(other, 0, 2) == 1
    assert await held(one, 0, 0) == 0
    assert await held(other, 1, 9) == 5


async def test_each_key_is_counted_for_itself(one: RedisPlaces, other: RedisPlaces) -> None:
    keys = [uuid4().hex for _ in range(3)]
    settled = await one.settle([Holding(key, 0, 2, 2 + number) for number, key in enumerate(keys)], known=False)
    assert settled is not None
    assert settled.held == (2, 2, 2)
    settled = await other.settle([Holding(key, 0, 2, 2 + number) for number, key in enumerate(keys)], known=False)
    assert settled is not None
    assert (settled.workers, settled.held) == (2, (0, 1, 2))


async def test_streams_that_are_open_are_held_however_many_there_are(one: RedisPlaces, other: RedisPlaces) -> None:
    assert await held(one, 4, 4, 5) == 4
    assert await held(other, 4, 5, 5) == 4
    assert await held(one, 4, 5, 5) == 4


async def test_a_dead_worker_holds_nothing_when_its_lease_is_over(
    client: RedisClient, one: RedisPlaces, other: RedisPlaces
) -> None:
    assert await held(one, 0, 5) == 5
    assert await held(other, 0, 1) == 0
    await forget(client, one)
    assert await held(other, 0, 6) == 5


async def test_the_lease_ends_by_itself_and_every_word_renews_it(client: RedisClient, one: RedisPlaces) -> None:
    assert await held(one, 0, 1) == 1
    names = ["tidegate:places", f"tidegate:places:{one._name}"]
    assert all([0 < await client.pttl(name) <= 6_000 for name in names])
    for name in names:
        await client.pexpire(name, 1_000)
    assert (await one.settle([], known=True)) is not None
    assert all([await client.pttl(name) > 1_000 for name in names])
    assert await held(one, 1, 1, known=True) == 1


async def test_who_was_forgotten_is_told_so_and_is_not_counted_before_it_has_told_all(
    client: RedisClient, one: RedisPlaces, other: RedisPlaces
) -> None:
    await held(one, 0, 2)
    await client.flushall()
    assert await one.settle([], known=True) is None
    settled = await other.settle([], known=False)
    assert settled is not None
    assert settled.workers == 1
    assert await held(one, 2, 2) == 2
    assert await held(other, 0, 9) == 3


async def test_who_leaves_holds_nothing_from_then_on(client: RedisClient, one: RedisPlaces, other: RedisPlaces) -> None:
    await held(one, 0, 5)
    await one.leave()
    settled = await other.settle([Holding(KEY, 0, 5, 5)], known=False)
    assert settled is not None
    assert (settled.workers, settled.held) == (1, (5,))
    await other.leave()
    assert await client.keys() == []


async def test_every_word_says_that_redis_is_away(redis_apart: RedisServer, one: RedisPlaces) -> None:
    redis_apart.kill()
    with pytest.raises(Unavailable):
        await one.settle([], known=False)
    with pytest.raises(Unavailable):
        await one.leave()
