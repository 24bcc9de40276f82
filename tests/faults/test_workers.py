"""Two worker processes on one socket and one Redis: what one does the other's streams tell."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from db.embedded import Embedded
from db.migrations.run import upgrade
from tests.faults.conftest import MOST_STREAMS
from tests.support.database import Dsns
from tests.support.redis import RedisServer
from tests.support.server import STREAM
from tests.support.shop import Shop
from tests.support.single import PATH, told
from tests.support.streams import StreamClient
from tests.support.waiting import until, until_answered
from tests.support.workers import Fleet, fleet, reserve

WATCH = "subscription ($after: String) { orderEvents(after: $after) { type id cursor } }"


@asynccontextmanager
async def watching(client: httpx2.AsyncClient, bearer: dict[str, str]) -> AsyncIterator[StreamClient]:
    """A stream in distinct connections mode, once it has begun."""
    fields = {**bearer, "Accept": STREAM}
    async with client.stream("POST", "/graphql", json={"query": WATCH}, headers=fields) as response:
        stream = StreamClient(response)
        await stream.wait_for_id()
        yield stream


async def next_order(stream: StreamClient) -> str:
    block = await stream.wait_for_next()
    payload = block.payload.get("payload", block.payload)
    return str(payload["data"]["orderEvents"]["id"])


async def test_what_one_worker_commits_arrives_on_the_streams_of_the_other(two: Fleet) -> None:
    here, there = await two.ready(2)
    bearer = {"Authorization": f"Bearer {await two.token()}"}
    async with two.client(here) as reading, two.client(there) as writing, watching(reading, bearer) as stream:
        shop = await Shop.open(writing, bearer)
        for notes in ("one", "two", "three"):
            order = await shop.create(notes)
            assert await next_order(stream) == order


async def test_put_post_and_delete_may_each_land_on_another_worker(two: Fleet) -> None:
    here, there = await two.ready(2)
    bearer = {"Authorization": f"Bearer {await two.token()}"}
    async with two.client(here) as one, two.client(there) as other, two.client(there) as opening:
        fields = await reserve(one, bearer)
        async with opening.stream("GET", PATH, headers={**fields, "Accept": STREAM}) as response:
            assert response.status_code == 200
            stream = StreamClient(response)
            for client, name in ((one, "at one"), (other, "at the other")):
                body = {"query": WATCH, "extensions": {"operationId": name}}
                assert (await client.post(PATH, json=body, headers=fields)).status_code == 202
            order = await (await Shop.open(one, bearer)).create("for both")
            blocks = [await stream.wait_for_next() for _ in range(2)]
            assert {told(block)[0] for block in blocks} == {"at one", "at the other"}
            assert {told(block)[1]["data"]["orderEvents"]["id"] for block in blocks} == {order}
            stopped = await one.delete(PATH, params={"operationId": "at the other"}, headers=fields)
            assert stopped.status_code == 200
            assert (await stream.wait_for_complete()).payload == {"id": "at the other"}


async def test_while_redis_is_killed_nothing_is_lost_and_back_it_is_live_at_once(
    two: Fleet, mortal_redis: RedisServer
) -> None:
    here, _ = await two.ready(2)
    bearer = {"Authorization": f"Bearer {await two.token()}"}
    async with (
        two.client(here) as reading,
        httpx2.AsyncClient(base_url=two.url, timeout=20) as client,
        watching(reading, bearer) as stream,
    ):
        shop = await Shop.open(client, bearer)
        orders = await shop.create_all("before", "before too")
        mortal_redis.kill()
        orders += await shop.create_all("without", "without too")
        assert (await client.put(PATH, headers=bearer)).status_code == 503

        async def ready(status: str) -> bool:
            answers = [(await client.get("/health/ready")).json()["status"] for _ in range(4)]
            return set(answers) == {status}

        await until_answered(lambda: ready("degraded"))
        mortal_redis.start()
        orders += await shop.create_all("back", "back too")
        assert [await next_order(stream) for _ in orders] == orders
        await until_answered(lambda: ready("ready"))
        assert (await client.put(PATH, headers=bearer)).status_code == 201


async def test_a_worker_that_is_replaced_while_redis_is_gone_serves(two: Fleet, mortal_redis: RedisServer) -> None:
    here, there = await two.ready(2)
    bearer = {"Authorization": f"Bearer {await two.token()}"}
    mortal_redis.kill()
    await two.kill(here)
    await until(lambda: here not in two.workers)
    (fresh,) = set(await two.ready(2)) - {there}
    async with two.client(fresh) as reading, two.client(there) as writing, watching(reading, bearer) as stream:
        order = await (await Shop.open(writing, bearer)).create("polled")
        assert await next_order(stream) == order
        mortal_redis.start()
        order = await (await Shop.open(writing, bearer)).create("live again")
        assert await next_order(stream) == order


async def test_the_places_of_a_killed_worker_come_free_and_nobody_elses_do(two: Fleet) -> None:
    here, there = await two.ready(2)
    bearer = {"Authorization": f"Bearer {await two.token('viewer@acme.example')}"}
    async with two.client(here) as holding, two.client(there) as coming, two.client(there) as posting:

        async def together() -> bool:
            pages = [(await client.get("/metrics")).text for client in (holding, coming)]
            states = [(await client.get("/health/ready")).json()["status"] for client in (holding, coming)]
            return states == ["ready"] * 2 and all("tidegate_stream_limits_together 1.0" in page for page in pages)

        await until_answered(together)  # after a test in which Redis was away
        fields = await reserve(posting, bearer)
        async with holding.stream("GET", PATH, headers={**fields, "Accept": STREAM}) as response:
            assert response.status_code == 200
            for number in range(MOST_STREAMS):
                body = {"query": WATCH, "extensions": {"operationId": str(number)}}
                answer = await posting.post(PATH, json=body, headers=fields)
                assert answer.status_code == 202, (number, answer.text)

            async def coming_in() -> int:
                async with coming.stream(
                    "POST", "/graphql", json={"query": WATCH}, headers={**bearer, "Accept": STREAM}
                ) as stream:
                    await stream.aread() if stream.status_code == 503 else None
                    return stream.status_code

            assert await coming_in() == 503
            await two.kill(here)
            assert await coming_in() == 503, "for as long as its lease"

            async def room() -> bool:
                return await coming_in() == 200

            await until_answered(room)
    await two.ready(2)


async def test_rights_that_end_while_redis_is_gone_end_the_streams_of_every_worker_before_the_next_event(
    two: Fleet, mortal_redis: RedisServer
) -> None:
    here, there = await two.ready(2)
    email, user = await two.newcomer()
    gone = {"Authorization": f"Bearer {await two.token(email)}"}
    staying = {"Authorization": f"Bearer {await two.token()}"}
    async with (
        two.client(here) as one,
        two.client(there) as other,
        two.client(there) as writing,
        watching(one, gone) as at_one,
        watching(other, gone) as at_other,
    ):
        shop = await Shop.open(writing, staying)
        before = await shop.create("while both may see it")
        assert [await next_order(stream) for stream in (at_one, at_other)] == [before] * 2
        mortal_redis.kill()
        try:
            connection = await asyncpg.connect(two.dsns.superuser)
            await connection.execute("DELETE FROM memberships WHERE user_id = $1", user)
            await connection.close()
            after = await shop.create("when neither may")
            for stream in (at_one, at_other):
                told = [block for block in await stream.wait_for_end() if block.event is not None]
                assert [block.event for block in told] == ["next", "complete"]
                assert told[0].payload["extensions"]["stream"]["end"]["reason"] == "FORBIDDEN"
                assert after.encode() not in b"".join(block.raw for block in told)
        finally:
            mortal_redis.start()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Embedded]:
    """A PostgreSQL of the test's own."""
    embedded = Embedded.start(tmp_path / "postgres", durable=False)
    yield embedded
    embedded.stop()


async def test_streams_stay_open_and_catch_up_when_postgresql_is_restarted(
    mortal: Embedded, redis: RedisServer, tmp_path: Path
) -> None:
    dsns = Dsns(mortal.owner_dsn, mortal.runtime_dsn, mortal.superuser_dsn)
    await upgrade(dsns.owner, runtime_login=dsns.runtime_login)
    async with fleet(dsns, redis, tmp_path) as two:
        here, _ = await two.ready(2)
        bearer = {"Authorization": f"Bearer {await two.token()}"}
        async with (
            two.client(here) as reading,
            httpx2.AsyncClient(base_url=two.url, timeout=20) as client,
            watching(reading, bearer) as stream,
        ):
            shop = await Shop.open(client, bearer)
            orders = [await shop.create("before")]
            mortal.stop()
            answer = await client.post("/graphql", json={"query": "{ viewer { email } }"}, headers=bearer)
            assert answer.status_code in {200, 503}
            again = Embedded.start(tmp_path / "postgres", durable=False)
            try:

                async def served() -> bool:
                    return (await client.get("/health/ready")).status_code == 200

                await until_answered(served)
                orders += [await create(shop, "after"), await create(shop, "after too")]
                assert [await next_order(stream) for _ in orders] == orders
            finally:
                again.stop()


async def create(shop: Shop, notes: str) -> str:
    """A new order; tried again while a worker still finds its connections cut."""
    made: list[str] = []

    async def tried() -> bool:
        try:
            made.append(await shop.create(notes))
        except AssertionError:  # OVERLOADED, nothing was written
            return False
        return True

    await until_answered(tried)
    return made[0]
