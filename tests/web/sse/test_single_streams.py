"""One reservation, several workers: every request may land on any of them, and Redis may be gone."""

from collections.abc import AsyncIterator
from itertools import product

import pytest

from tests.support.redis import RedisServer
from tests.support.server import STREAM, Front, serving
from tests.support.shop import Shop
from tests.support.single import PATH, code_of, put, reserved, told
from tests.support.waiting import until, until_answered
from tests.web.sse.test_single_connection import ACME, WATCH, WHO

Workers = tuple[Front, Front, Front]


@pytest.fixture
async def workers(front: Front, redis: RedisServer) -> AsyncIterator[Workers]:
    """Three workers on the seeded database and one Redis."""
    settings = front.app.state.settings.model_copy(update={"redis_url": redis.url})
    async with serving(settings) as one, serving(settings) as two, serving(settings) as three:
        yield one, two, three


@pytest.fixture
async def frail(front: Front, redis_apart: RedisServer) -> AsyncIterator[Workers]:
    """The same on a Redis that may be killed."""
    settings = front.app.state.settings.model_copy(update={"redis_url": redis_apart.url})
    async with serving(settings) as one, serving(settings) as two, serving(settings) as three:
        yield one, two, three


async def test_each_request_may_land_on_another_worker(workers: Workers, shop: Shop) -> None:
    one, two, three = workers
    single = await reserved(one)
    async with single.at(two).open() as stream:
        for worker in workers:
            assert (await single.at(worker).post("who", WHO)).status_code == 202
            assert told(await stream.wait_for_next()) == ("who", ACME)
            assert (await stream.wait_for_complete()).payload == {"id": "who"}
        assert (await single.at(three).post("watch", WATCH)).status_code == 202
        order = await shop.create("made at a fourth")
        name, payload = told(await stream.wait_for_next())
        assert (name, payload["data"]["orderEvents"]["id"]) == ("watch", order)
        assert (await single.at(one).delete("watch")).status_code == 200
        assert (await stream.wait_for_complete()).payload == {"id": "watch"}


async def test_an_id_is_free_at_every_worker_when_its_operation_was_stopped_by_any(
    workers: Workers, shop: Shop
) -> None:
    single = await reserved(workers[0])
    async with single.at(workers[1]).open() as stream:
        for post, stop in product(workers, workers):
            assert (await single.at(post).post("again", WATCH)).status_code == 202
            assert code_of(await single.at(stop).post("again", WATCH)) == "CONFLICT"
            assert [(await single.at(stop).delete("again")).status_code for _ in range(2)] == [200, 200]
            assert (await stream.wait_for_complete()).payload == {"id": "again"}
        await shop.create("told to nobody")
        assert (await single.at(workers[2]).post("again", WATCH)).status_code == 202
        order = await shop.create("told once")
        name, payload = told(await stream.wait_for_next())
        assert (name, payload["data"]["orderEvents"]["id"]) == ("again", order)
    for worker in workers:
        await until(lambda: not worker.app.state.gateway.groups.members)  # noqa: B023


async def test_the_answer_is_the_owners_answer(workers: Workers, shop: Shop) -> None:
    one, two, _ = workers
    single = await reserved(one)
    elsewhere = single.at(two)
    async with single.open() as stream:
        await single.post("running", WATCH)
        assert code_of(await elsewhere.post("running", WHO)) == "CONFLICT"
        refused = await elsewhere.post("bad", "{ nonsense }", also={"X-Request-Id": "my-request"})
        assert (refused.status_code, code_of(refused)) == (400, "GRAPHQL_VALIDATION_FAILED")
        assert refused.json()["errors"][0]["extensions"]["requestId"] == "my-request"
        by_get = await elsewhere.get(
            {"query": 'mutation { updateOrder(input: {id: "ord_0"}) { order { id } } }', "extensions": OPERATION}
        )
        assert (by_get.status_code, by_get.headers["allow"]) == (405, "POST")
        denied = await elsewhere.post("m", 'mutation { updateOrder(input: {id: "ord_0"}) { order { id } } }')
        assert (denied.status_code, code_of(denied)) == (403, "FORBIDDEN")
        assert (await elsewhere.post("bad", WHO)).status_code == 202
        assert told(await stream.wait_for_next()) == ("bad", ACME)


OPERATION = '{"operationId":"m"}'


async def test_a_second_stream_is_refused_at_every_worker(workers: Workers) -> None:
    single = await reserved(workers[0])
    async with single.at(workers[1]).open() as stream:
        for worker in workers:
            answer = await worker.client.get(PATH, headers={**single.fields, "Accept": STREAM})
            assert (answer.status_code, code_of(answer)) == (409, "CONFLICT")
        await single.post("1", WHO)
        assert told(await stream.wait_for_next()) == ("1", ACME)


async def test_in_other_hands_the_token_is_unknown_at_every_worker(workers: Workers) -> None:
    single = await reserved(workers[0])
    async with single.at(workers[1]).open() as stream:
        await single.post("mine", WATCH)
        for headers in (await workers[0].bearer("manager"), await workers[0].bearer("viewer", "globex")):
            for worker in workers:
                thief = single.at(worker).by(headers)
                for answer in (
                    await thief.post("theirs", WHO),
                    await thief.delete("mine"),
                    await worker.client.get(PATH, headers={**thief.fields, "Accept": STREAM}),
                ):
                    assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND")
        await single.post("still", WHO)
        assert told(await stream.wait_for_next()) == ("still", ACME)


async def test_what_waits_for_its_stream_runs_at_the_worker_that_opens_it(workers: Workers) -> None:
    one, two, three = workers
    single = await reserved(one)
    for number, worker in enumerate(workers):
        assert (await single.at(worker).post(str(number), WHO)).status_code == 202
        assert (await single.at(worker).post("0", WHO)).status_code == 409
    assert (await single.at(two).delete("1")).status_code == 200
    async with single.at(three).open() as stream:
        names: list[str] = []
        while len(names) < 2:
            block = await stream.wait_for_block()
            names += [told(block)[0]] if block.event == "next" else []
    assert names == ["0", "2"]


async def test_what_somebody_else_put_into_redis_for_a_stream_does_not_run(
    workers: Workers, redis: RedisServer
) -> None:
    mine, other = await reserved(workers[0]), await reserved(workers[0])
    await other.post("theirs", WHO)
    async with redis.client() as outside:
        (kept,) = [name for name in await outside.keys("*:kept") if await outside.hexists(name, "theirs")]
        sealed = str(await outside.hget(kept, "theirs"))
        await mine.post("mine", WHO)
        (ours,) = [name for name in await outside.keys("*:kept") if await outside.hexists(name, "mine")]
        await outside.hset(ours, "theirs", sealed)
        await outside.hset(ours, "forged", "00000000" + "0" * 64 + '.{"key":"x"}')
        await outside.hset(ours, "nonsense", "x")
    async with mine.open() as stream:
        assert told(await stream.wait_for_next())[0] == "mine"
        await stream.wait_for_complete()
        assert (await stream.wait_for_block()).event is None


async def test_a_stream_that_ended_is_over_at_every_worker(workers: Workers) -> None:
    single = await reserved(workers[0])
    async with single.at(workers[1]).open() as stream:
        await stream.wait_for_block()
    for worker in workers:

        async def gone(at: Front = worker) -> bool:
            return (await single.at(at).post("1", WHO)).status_code == 404

        await until_answered(gone)


# ── without Redis ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_while_redis_is_gone_only_new_reservations_are_refused(
    frail: Workers, redis_apart: RedisServer, shop: Shop
) -> None:
    one, two, _ = frail
    single, waiting = await reserved(one), await reserved(one)
    async with single.open() as stream:
        await single.post("before", WATCH)
        redis_apart.kill()
        for answer in (
            await put(one, single.headers),
            await one.client.get(PATH, headers={**waiting.fields, "Accept": STREAM}),
            await waiting.post("1", WHO),
            await single.at(two).post("1", WHO),
            await single.at(two).delete("before"),
        ):
            assert (answer.status_code, code_of(answer)) == (503, "OVERLOADED")
            assert int(answer.headers["retry-after"]) > 0
        assert (await single.post("here", WHO)).status_code == 202
        assert told(await stream.wait_for_next()) == ("here", ACME)
        await stream.wait_for_complete()
        order = await shop.create("polled")
        name, payload = told(await stream.wait_for_next())
        assert (name, payload["data"]["orderEvents"]["id"]) == ("before", order)
        async with two.stream(WATCH, headers=single.headers, path=PATH) as distinct:
            await distinct.wait_for_id()
            order = await shop.create("polled by all")
            assert (await distinct.wait_for_next()).payload["data"]["orderEvents"]["id"] == order
            assert told(await stream.wait_for_next())[1]["data"]["orderEvents"]["id"] == order


async def test_when_redis_is_back_open_streams_are_found_again_by_all(frail: Workers, redis_apart: RedisServer) -> None:
    one, two, three = frail
    single = await reserved(one)
    async with single.open() as stream:
        await stream.wait_for_block()
        redis_apart.kill()
        await until(lambda: not any(worker.app.state.bus.live for worker in frail))
        redis_apart.start()

        async def reached() -> bool:
            return (await single.at(two).post("again", WHO)).status_code == 202

        await until_answered(reached)
        assert told(await stream.wait_for_next()) == ("again", ACME)
        fresh = await reserved(three, single.headers)
        async with fresh.at(two).open() as other:
            await fresh.post("new", WHO)
            assert told(await other.wait_for_next()) == ("new", ACME)


async def test_a_stream_that_ends_while_redis_is_gone_ends_for_all(frail: Workers, redis_apart: RedisServer) -> None:
    one, *_ = frail
    single = await reserved(one)
    async with single.open() as stream:
        await stream.wait_for_block()
        redis_apart.kill()
    await until(lambda: not one.app.state.single_streams._open)
    redis_apart.start()
    assert (await single.post("1", WHO)).status_code in {404, 503}


async def test_the_lease_lasts_as_long_as_the_stream(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.redis_reservations.LEASE_SECONDS", 0.5)
    monkeypatch.setattr("web.sse.single_streams.LEASE_SECONDS", 0.3)
    for worker in workers:
        worker.app.state.single_streams._renew_now.set()  # the round before this one is a long one
    single = await reserved(workers[0])
    async with single.open() as stream:
        await stream.wait_for_block()
        for _ in range(5):
            await stream.wait_for_block()  # a ping, every 0.3 s
            assert (await single.at(workers[1]).post("1", WHO)).status_code == 202
            assert told(await stream.wait_for_next()) == ("1", ACME)
            await stream.wait_for_complete()


async def test_no_credentials_and_no_token_travel_through_redis(workers: Workers, redis: RedisServer) -> None:
    one, two, _ = workers
    async with redis.client() as outside, outside.monitor() as spy:
        single = await reserved(one)
        await single.at(two).post("kept", WHO)
        async with single.open() as stream:
            await single.at(two).post("asked", WHO)
            await stream.wait_for_next()
        await outside.echo("that was all")
        seen = []
        async for command in spy.listen():
            seen.append(str(command["command"]))
            if "that was all" in seen[-1]:
                break
    said = "\n".join(seen)
    assert "asked" in said
    assert single.token not in said
    assert single.headers["Authorization"].removeprefix("Bearer ") not in said
