"""The limits on open streams, in both modes, at two workers that share one Redis."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from tests.support.members import EVENTS, person
from tests.support.redis import RedisServer
from tests.support.server import STREAM, Front, serving
from tests.support.single import PATH, code_of, put, reserved, told
from tests.support.waiting import until, until_answered
from tests.web.sse.test_single_connection import WATCH

Pair = tuple[Front, Front]
MOST = 3
FULL = 503, "STREAM_LIMIT"


@pytest.fixture
async def pair(front: Front, redis_apart: RedisServer) -> AsyncIterator[Pair]:
    """Two workers where a user has three streams at most."""
    changes = {"redis_url": redis_apart.url, "streams_per_user": MOST}
    settings = front.app.state.settings.model_copy(update=changes)
    async with serving(settings) as one, serving(settings) as other:
        await other_beat(one)
        yield replace(one, dsns=front.dsns), replace(other, dsns=front.dsns)


async def other_beat(front: Front) -> None:
    """Let the worker find out who else is there."""
    await front.app.state.entrance._shared._settle_all()


class Opened:
    """Streams that are open until the end of the test."""

    def __init__(self, closing: AsyncExitStack, headers: Mapping[str, str]) -> None:
        self.closing = closing
        self.headers = headers

    async def at(self, front: Front) -> tuple[int, str | None]:
        """One more, by POST: its status, and the code of a refusal."""
        request = front.client.build_request(
            "POST", "/graphql", json={"query": EVENTS}, headers={**self.headers, "Accept": STREAM}
        )
        response = await front.client.send(request, stream=True)
        self.closing.push_async_callback(response.aclose)
        if response.status_code == 200:
            return 200, None
        assert int(response.headers["retry-after"]) == 10
        await response.aread()
        return response.status_code, code_of(response)


@asynccontextmanager
async def opening(headers: Mapping[str, str]) -> AsyncIterator[Opened]:
    async with AsyncExitStack() as closing:
        yield Opened(closing, headers)


async def by_event_source(front: Front, headers: Mapping[str, str]) -> httpx2.Response:
    return await front.client.get("/graphql", params={"query": EVENTS}, headers={**headers, "Accept": STREAM})


def refusals(front: Front, reason: str = "USER") -> float:
    found = front.app.state.metrics.registry.get_sample_value("tidegate_streams_refused_total", {"reason": reason})
    assert found is not None
    return float(found)


def together(front: Front) -> float | None:
    found: float | None = front.app.state.metrics.registry.get_sample_value("tidegate_stream_limits_together")
    return found


async def test_a_user_has_as_many_streams_at_two_workers_as_at_one(pair: Pair) -> None:
    one, other = pair
    bearer = await (await person(one)).bearer()
    async with opening(bearer) as opened:
        assert [await opened.at(front) for front in (one, other, one)] == [(200, None)] * MOST
        assert [await opened.at(front) for front in pair] == [FULL, FULL]
        for front in pair:
            answer = await by_event_source(front, bearer)
            assert (answer.status_code, answer.text) == (200, ":STREAM_LIMIT\n\nretry: 10000\n\n")
            assert (refusals(front), together(front)) == (2, 1)
        async with opening(await (await person(other)).bearer()) as others:
            assert [await others.at(front) for front in pair] == [(200, None)] * 2
    async with opening(bearer) as opened:

        async def all_at_the_other() -> bool:
            return (await opened.at(other))[0] == 200

        for _ in range(MOST):
            await until_answered(all_at_the_other)
        assert await opened.at(one) == FULL


async def test_operations_of_one_connection_count_wherever_they_are_posted(pair: Pair) -> None:
    one, other = pair
    bearer = await (await person(one)).bearer()
    single = await reserved(one, bearer)
    async with single.open() as stream, opening(bearer) as opened:
        assert await opened.at(other) == (200, None)
        assert [(await single.at(front).post(str(front.port), WATCH)).status_code for front in pair] == [202, 202]
        refused = await single.at(other).post("too many", WATCH)
        assert (refused.status_code, code_of(refused)) == FULL
        assert await opened.at(other) == FULL
        assert (await single.at(other).delete(str(one.port))).status_code == 200
        assert (await stream.wait_for_complete()).payload == {"id": str(one.port)}

        async def room() -> bool:
            return (await opened.at(other))[0] == 200

        await until_answered(room)
        assert await opened.at(one) == FULL


async def test_a_connection_that_finds_no_room_is_told_by_what_its_client_can_hear(pair: Pair) -> None:
    one, other = pair
    bearer = await (await person(one)).bearer()
    async with opening(bearer) as opened:
        single = await reserved(one, bearer)
        for front in (one, other, one):
            assert await opened.at(front) == (200, None)
        refused = await other.client.get(PATH, headers={**single.fields, "Accept": STREAM})
        assert (refused.status_code, refused.headers["retry-after"], code_of(refused)) == (503, "10", "STREAM_LIMIT")
        in_address = await other.client.get(PATH, params={"token": single.token}, headers={**bearer, "Accept": STREAM})
        assert (in_address.status_code, in_address.text) == (200, ":STREAM_LIMIT\n\nretry: 10000\n\n")


async def test_of_what_waits_for_a_stream_as_much_runs_as_there_is_room_for(pair: Pair) -> None:
    one, other = pair
    bearer = await (await person(one)).bearer()
    single = await reserved(one, bearer)
    for number in range(MOST + 2):
        assert (await single.at(other).post(str(number), WATCH)).status_code == 202
    async with single.at(other).open() as stream:
        refused = [told(await stream.wait_for_next()) for _ in range(2)]
        assert {name for name, _ in refused} == {"3", "4"}
        assert {payload["errors"][0]["extensions"]["code"] for _, payload in refused} == {"STREAM_LIMIT"}
        async with opening(bearer) as opened:
            assert await opened.at(one) == FULL


async def test_reservations_that_nobody_claims_are_counted_at_all_workers_together(pair: Pair) -> None:
    one, other = pair
    bearer = await (await person(one)).bearer()
    for number in range(50):
        assert (await put(pair[number % 2], bearer)).status_code == 201
    for front in pair:
        answer = await put(front, bearer)
        assert (answer.status_code, answer.headers["retry-after"], code_of(answer)) == (503, "30", "STREAM_LIMIT")
    assert (await put(other, await (await person(one)).bearer())).status_code == 201


async def test_without_redis_each_worker_fills_its_share_at_once_and_what_is_open_goes_on(
    pair: Pair, redis_apart: RedisServer
) -> None:
    one, other = pair
    who = await person(one)
    bearer = await who.bearer()
    async with opening(bearer) as opened:
        assert [await opened.at(one), await opened.at(one)] == [(200, None)] * 2
        redis_apart.kill()
        assert [await opened.at(front) for front in (other, other, one)] == [(200, None), FULL, FULL]
        assert [together(front) for front in pair] == [0, 0]
        answer = await put(one, bearer)
        assert (answer.status_code, code_of(answer)) == (503, "OVERLOADED")
        redis_apart.start()
        await until(lambda: together(one) == together(other) == 1)
        assert [await opened.at(front) for front in pair] == [FULL, FULL]
