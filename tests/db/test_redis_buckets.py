"""Budgets that several workers count together: as in memory, in one round trip, and without Redis by their shares."""

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from db.breaker import Outcome
from db.buckets import Allowance, Bucket, MemoryBuckets
from db.redis_buckets import AWAY_SECONDS, RedisBuckets
from db.redis_client import RedisClient, redis_client
from tests.support.redis import RedisServer
from tests.support.ticks import Ticks
from tests.support.waiting import until, until_answered

SLOW = Allowance("tenant", 100, 1e-6)
"""In which nothing flows in while a test looks."""
ADA, BEN = Bucket(SLOW, "ada"), Bucket(SLOW._replace(kind="user"), "ben")


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[RedisClient]:
    async with redis_client(redis.url) as client:
        yield client


@pytest.fixture
async def one(client: RedisClient) -> RedisBuckets:
    return RedisBuckets(client, uuid4().hex, lambda: 2)


def beside(one: RedisBuckets, client: RedisClient) -> RedisBuckets:
    """Another worker of the same deployment."""
    return RedisBuckets(client, one._realm, lambda: 2)


async def test_two_workers_take_of_the_same_buckets_and_of_all_or_none(one: RedisBuckets, client: RedisClient) -> None:
    other = beside(one, client)
    assert (await one.take([ADA, BEN], 60)).short is None
    taken = await other.take([ADA, BEN], 41)
    assert taken.short == ADA
    assert taken.wait == pytest.approx(1e6, rel=1e-3)
    assert (await other.take([BEN, ADA], 40)).short is None
    assert (await one.take([BEN], 1)).short == BEN


async def test_redis_and_memory_agree(one: RedisBuckets) -> None:
    memory, chance = MemoryBuckets(Ticks()), random.Random(7)
    for _ in range(150):
        buckets = chance.choice([[ADA], [BEN], [ADA, BEN]])
        units = chance.randrange(150)
        if chance.random() < 0.5:
            here, there = await memory.take(buckets, units), await one.take(buckets, units)
            assert here.short == there.short
            assert here.wait == pytest.approx(there.wait, rel=1e-3)
        else:
            units -= 110
            memory.charge(buckets, units)
            one.charge(buckets, units)
            await one._settle()
            here, there = await memory.take(buckets, 1), await one.take(buckets, 1)
        assert [SLOW.left(each) for each in here.full_in] == pytest.approx(
            [SLOW.left(each) for each in there.full_in], abs=1
        )


async def test_buckets_of_another_deployment_are_others(one: RedisBuckets, client: RedisClient) -> None:
    other = RedisBuckets(client, uuid4().hex, lambda: 1)
    assert (await one.take([ADA], 100)).short is None
    assert (await other.take([ADA], 100)).short is None


async def test_what_is_full_again_takes_no_room(one: RedisBuckets, client: RedisClient) -> None:
    await one.take([Bucket(Allowance("user", 10, 1_000.0), "quick")], 5)

    async def gone() -> bool:
        return not [key async for key in client.scan_iter(f"tidegate:budget:{one._realm}:*")]

    await until_answered(gone)


async def takes(buckets: RedisBuckets, amount: int) -> bool:
    return (await buckets.take([ADA], amount)).short is None


async def test_what_was_used_or_given_back_is_settled_soon_and_debts_are_told(
    one: RedisBuckets, client: RedisClient
) -> None:
    other = beside(one, client)
    await one.start()
    await one.take([ADA], 90)
    one.charge([ADA], -40)
    await until_answered(lambda: takes(other, 50))
    assert one.charge([ADA], 30) is None
    await until(lambda: one._owing)
    owed = one.charge([ADA], 1)
    assert owed is not None
    assert owed.short == ADA
    await one.stop()
    assert SLOW.wait((await other.take([ADA], 1)).full_in[0], 0) == pytest.approx(31e6, rel=1e-3)


async def test_without_redis_each_worker_takes_its_share_and_nobody_waits_or_fails(redis_apart: RedisServer) -> None:
    ticks = Ticks()
    async with redis_client(redis_apart.url) as client:
        buckets = RedisBuckets(client, "r", lambda: 4, ticks)
        assert (await buckets.take([ADA], 10)).short is None
        redis_apart.kill()
        assert (await buckets.take([ADA], 20)).short is None
        assert not buckets.together
        for _ in range(200):
            await buckets.take([ADA], 10)
        refused = await buckets.take([ADA], 10)
        assert (refused.short, buckets.charge([ADA], 1)) == (ADA, None)
        assert client.breaker.counts[Outcome.FAILED] == 1
        redis_apart.start()
        ticks.now += AWAY_SECONDS
        assert (await buckets.take([ADA], 90)).short is None
        assert buckets.together


async def test_a_redis_that_hangs_holds_one_request_up_for_a_moment(redis_apart: RedisServer) -> None:
    async with redis_client(redis_apart.url) as client:
        buckets = RedisBuckets(client, "r", lambda: 1)
        await buckets.take([ADA], 1)
        redis_apart.freeze()
        try:
            for _ in range(50):
                assert (await buckets.take([ADA], 1)).short is None
            assert client.breaker.counts[Outcome.TIMED_OUT] < 10  # the few that found out whether it is back
        finally:
            redis_apart.thaw()
