"""Answers that workers share by Redis: sealed, bounded, and missed by nobody when Redis is away."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from db.answers import Kept
from db.breaker import Outcome
from db.redis_answers import LARGEST, RedisAnswers
from db.redis_client import RedisClient, redis_client
from tests.support.redis import RedisServer
from tests.support.ticks import Ticks
from tests.support.waiting import until_answered

ONE, OTHER = b"1" * 32, b"2" * 32
SECRET = b"s" * 32
ANSWER = Kept('{"data":{"name":"Zoë \\u0000"}}'.encode(), 1_790_000_000.25, 12)


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[RedisClient]:
    async with redis_client(redis.url) as client:
        yield client


@pytest.fixture
def answers(client: RedisClient) -> RedisAnswers:
    return RedisAnswers(client, uuid4().hex, SECRET, 4_000_000)


async def written(answers: RedisAnswers, key: bytes = ONE, kept: Kept = ANSWER, owner: str = "acme") -> None:
    answers.put(key, kept, owner, 60)
    await answers.stop()


async def test_what_one_worker_made_another_gives_to_the_byte(answers: RedisAnswers, client: RedisClient) -> None:
    await written(answers)
    other = RedisAnswers(client, answers._realm, SECRET, 4_000_000)
    assert await other.get(ONE) == ANSWER
    assert await other.get(OTHER) is None
    assert 0 < await client.ttl(answers._name(ONE)) <= 60


@pytest.mark.parametrize("how", ["another realm", "another secret"])
async def test_another_deployments_answers_are_none(answers: RedisAnswers, client: RedisClient, how: str) -> None:
    await written(answers)
    realm, secret = (uuid4().hex, SECRET) if how == "another realm" else (answers._realm, b"t" * 32)
    assert await RedisAnswers(client, realm, secret, 4_000_000).get(ONE) is None


async def test_an_answer_that_was_changed_or_moved_is_none(answers: RedisAnswers, redis: RedisServer) -> None:
    await written(answers)
    async with Redis.from_url(redis.url) as raw:
        sealed = await raw.get(answers._name(ONE))
        assert isinstance(sealed, bytes)
        await raw.set(answers._name(OTHER), sealed)
        assert await answers.get(OTHER) is None
        for changed in (sealed[:-1] + b"!", bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:20], b"", sealed + b" "):
            await raw.set(answers._name(ONE), changed)
            assert await answers.get(ONE) is None
        await raw.delete(answers._name(ONE))
        await raw.lpush(answers._name(ONE), "a list")
        assert await answers.get(ONE) is None


async def test_a_worker_takes_no_more_room_than_it_has_nor_one_tenant_more_than_a_quarter(client: RedisClient) -> None:
    ticks, large = Ticks(), Kept(b"x" * 90_000, 0.0, 0)
    answers = RedisAnswers(client, uuid4().hex, SECRET, 400_000, ticks)
    for number in range(3):
        await written(answers, bytes([number]) * 32, large)
    assert answers.unwritten == 2
    for owner in ("globex", "initech", "hooli", "umbrella"):
        await written(answers, owner.encode(), large, owner)
    assert answers.unwritten == 3
    ticks.now += 61
    await written(answers, b"later", large)
    assert answers.unwritten == 3
    answers.put(ONE, Kept(b"x" * (LARGEST + 1), 0.0, 0), "acme", 60)
    assert answers.unwritten == 4


async def test_while_redis_is_away_nobody_waits_for_it_and_afterwards_it_is_used(redis_apart: RedisServer) -> None:
    async with redis_client(redis_apart.url) as client:
        answers = RedisAnswers(client, uuid4().hex, SECRET, 4_000_000)
        await written(answers)
        redis_apart.freeze()
        assert [await answers.get(ONE) for _ in range(20)] == [None] * 20
        assert client.breaker.counts[Outcome.REFUSED] > 10
        await written(answers, OTHER)
        assert answers.unwritten == 1
        redis_apart.thaw()

        async def back() -> bool:
            return await answers.get(ONE) == ANSWER

        await until_answered(back)
        await written(answers, OTHER)
        assert await answers.get(OTHER) == ANSWER
