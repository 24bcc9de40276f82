"""Limits that hold for all workers together, by workers that know each other through one Redis alone."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from auth.principal import Principal
from db.redis_client import RedisClient, redis_client
from db.redis_places import RedisPlaces
from tests.support.redis import RedisServer
from tests.support.waiting import until, until_answered
from tests.web.sse.test_entrance import caller
from web.refusals import Refusal
from web.sse import places
from web.sse.entrance import Entrance, Full, Place, StreamLimits

ADA, BOB = caller("ada"), caller("bob")


class Worker:
    """One worker's entrance, and the places that were taken there."""

    def __init__(self, client: RedisClient, limits: StreamLimits, workers: int = 1) -> None:
        self.entrance = Entrance(limits, asyncio.Event(), RedisPlaces(client), workers)
        self.places: list[Place] = []

    async def enter(self, who: Principal = ADA) -> bool:
        """Whether there was room."""
        try:
            self.places.append(await self.entrance.enter(who))
        except Refusal:
            return False
        return True

    async def enter_all(self, count: int) -> int:
        """How many of those that come at once find room."""
        return sum(await asyncio.gather(*(self.enter() for _ in range(count))))

    async def die(self) -> None:
        """As by kill -9: it says nothing more."""
        shared = self.entrance._shared
        assert shared is not None
        assert shared._task is not None
        shared._task.cancel()
        await asyncio.gather(shared._task, return_exceptions=True)

    async def others_know(self) -> None:
        """Until what was given back here is known everywhere."""
        shared = self.entrance._shared
        assert shared is not None
        await until(lambda: all(shared._held.get(key, 0) == shared._filled[key] for key in shared._held))


@asynccontextmanager
async def working(redis: RedisServer, count: int, user: int = 5, tenant: int = 2_000) -> AsyncIterator[list[Worker]]:
    """So many workers, each with connections of its own."""
    async with AsyncExitStack() as closing:
        found = []
        for _ in range(count):
            client = await closing.enter_async_context(redis_client(redis.url))
            worker = Worker(client, StreamLimits(user=user, tenant=tenant, rate=100_000))
            await worker.entrance.start()
            closing.push_async_callback(worker.entrance.stop)
            found.append(worker)
        for worker in found:  # one beat later each knows of all
            shared = worker.entrance._shared
            assert shared is not None
            await shared._settle_all()
        yield found


@pytest.mark.parametrize("limits", [{"user": 5}, {"user": 100, "tenant": 5}])
async def test_all_workers_together_let_in_as_many_as_one_would(
    redis_apart: RedisServer, limits: dict[str, int]
) -> None:
    async with working(redis_apart, 3, **limits) as (one, two, three):
        assert [await one.enter(), await two.enter(), await three.enter()] == [True] * 3
        assert [await one.enter(), await one.enter(BOB if "tenant" in limits else ADA)] == [True] * 2
        assert [await each.enter() for each in (one, two, three)] == [False] * 3
        one.places.pop().leave()
        one.places[0].leave()
        one.places.pop(0).leave()
        await one.others_know()
        assert [await two.enter(), await three.enter(), await one.enter()] == [True, True, False]
        reason = Full.TENANT if "tenant" in limits else Full.USER
        assert one.entrance.refused[reason] == 2


async def test_of_many_that_come_at_once_at_all_workers_exactly_as_many_as_there_is_room_for_come_in(
    redis_apart: RedisServer,
) -> None:
    async with working(redis_apart, 3, user=50) as workers:
        found = await asyncio.gather(*(worker.enter_all(40) for worker in workers))
        assert sum(found) == 50


async def test_many_that_come_at_once_ask_together(redis_apart: RedisServer) -> None:
    async with working(redis_apart, 1, user=1_000) as (one,), redis_apart.client() as outside:
        before = (await outside.info("commandstats"))["cmdstat_eval"]["calls"]
        assert await one.enter_all(500) == 500
        asked = (await outside.info("commandstats"))["cmdstat_eval"]["calls"] - before
        assert asked <= 3


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_comes_and_goes_there_are_never_more_than_may_be_and_all_come_free(
    redis_apart: RedisServer, seed: int
) -> None:
    rng, most, open_now = random.Random(seed), 12, 0

    async def live(worker: Worker) -> None:
        nonlocal open_now
        for _ in range(60):
            if worker.places and rng.random() < 0.45:
                worker.places.pop(rng.randrange(len(worker.places))).leave()
                open_now -= 1
            elif await worker.enter():
                open_now += 1
                assert open_now <= most
            await asyncio.sleep(rng.choice((0, 0, 0.001, 0.005)))

    async with working(redis_apart, 3, user=most) as workers:
        await asyncio.gather(*(live(worker) for worker in workers))
        for worker in workers:
            while worker.places:
                worker.places.pop().leave()
            await worker.others_know()
        assert await workers[1].enter_all(20) == most


async def test_a_place_in_the_tenant_for_a_user_who_has_no_room_goes_back(
    redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "BEAT_SECONDS", 0.05)
    async with working(redis_apart, 2, user=1, tenant=2) as (one, two):
        assert [await one.enter(), await two.enter()] == [True, False]
        await two.others_know()
        assert await one.enter(BOB)


async def test_a_dead_workers_places_come_free(redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.redis_places.LEASE_SECONDS", 0.3)
    monkeypatch.setattr(places, "BEAT_SECONDS", 0.1)
    async with working(redis_apart, 2) as (one, two):
        assert await one.enter_all(5) == 5
        assert not await two.enter()
        await one.die()
        await until_answered(two.enter)
        assert await two.enter_all(9) == 4


async def test_while_redis_is_gone_each_worker_fills_its_share_and_waits_for_nobody(redis_apart: RedisServer) -> None:
    async with working(redis_apart, 2, user=9) as (one, two):
        assert await one.enter_all(3) == 3
        redis_apart.kill()
        assert await one.enter_all(9) == 1
        assert await two.enter_all(9) == 4
        assert not one.entrance.together
        for place in one.places:
            place.leave()
        one.places.clear()
        assert await one.enter_all(9) == 4
        redis_apart.start()
        await until(lambda: one.entrance.together and two.entrance.together)
        assert await one.enter_all(9) + await two.enter_all(9) == 1


async def test_a_redis_that_hangs_holds_nobody_up(redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "ASK_SECONDS", 0.05)
    async with working(redis_apart, 2, user=9) as (one, two):
        redis_apart.freeze()
        try:
            async with asyncio.timeout(1.9):  # a command is given up after two
                assert list(await asyncio.gather(one.enter_all(9), two.enter_all(9))) == [4, 4]
        finally:
            redis_apart.thaw()
        await until(lambda: one.entrance.together and two.entrance.together)
        assert await one.enter_all(9) == 1


async def test_a_redis_that_has_forgotten_everybody_gives_nothing_away_before_all_have_told_it(
    redis_apart: RedisServer,
) -> None:
    async with working(redis_apart, 2, user=9) as (one, two):
        assert await one.enter_all(8) == 8
        await one.die()  # it is only held up: it will tell what it holds, later
        async with redis_apart.client() as outside:
            await outside.flushall()
        assert await two.enter_all(9) == 4, "its share, as Redis knows of nobody else yet"
        assert not two.entrance.together


async def test_a_forgotten_worker_is_counted_again_with_all_that_it_has(redis_apart: RedisServer) -> None:
    async with working(redis_apart, 2, user=9) as (one, two):
        assert await one.enter_all(6) == 6
        async with redis_apart.client() as outside:
            await outside.flushall()
        assert any(await asyncio.gather(one.enter(BOB), two.enter(BOB)))
        await until(lambda: not one.entrance.together or not two.entrance.together)
        await until(lambda: one.entrance.together and two.entrance.together)
        assert await two.enter_all(9) == 3
        assert await one.enter_all(1) == 0


async def test_a_worker_that_starts_without_redis_takes_its_share_of_those_that_it_was_told_of(
    redis_apart: RedisServer,
) -> None:
    redis_apart.kill()
    async with redis_client(redis_apart.url) as client:
        worker = Worker(client, StreamLimits(user=9), workers=4)
        await worker.entrance.start()
        assert await worker.enter_all(9) == 2
        assert worker.entrance._shared is not None
        worker.entrance._shared.workers = 100
        assert await worker.enter(BOB), "never locked out"
        redis_apart.start()
        await until(lambda: worker.entrance.together)
        assert await worker.enter_all(9) == 7
        await worker.entrance.stop()


async def test_who_stops_in_good_order_frees_its_places_at_once(redis_apart: RedisServer) -> None:
    async with working(redis_apart, 2) as (one, two):
        assert await one.enter_all(5) == 5
        await one.entrance.stop()
        assert await two.enter_all(9) == 5
