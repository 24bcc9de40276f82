"""A new credential for an open stream: its own user's alone, at whichever worker."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from db.clock import utc_now
from tests.support.database import Dsns
from tests.support.members import EVENTS, end_in, following, person
from tests.support.redis import RedisServer
from tests.support.server import Front, open_front, serving, settings_for
from tests.support.single import TOKEN, Single, reserved, told
from tests.support.streams import StreamClient

PATH = "/graphql/stream/renew"
NAME = "X-Tidegate-Stream"


def name_of(stream: StreamClient) -> dict[str, str]:
    return {NAME: stream.response.headers[NAME]}


async def renew(front: Front, *headers: Mapping[str, str]) -> httpx2.Response:
    return await front.client.post(PATH, headers={key: value for each in headers for key, value in each.items()})


def refused(answer: httpx2.Response) -> tuple[int, Any]:  # Any: JSON
    (error,) = answer.json()["errors"]
    error["extensions"].pop("requestId")
    return answer.status_code, error


async def test_a_stream_goes_on_over_the_end_of_its_first_token(front: Front) -> None:
    who = await person(front)
    async with following(who, await who.bearer(seconds=2)) as stream, following(who, await who.bearer(2)) as other:
        answer = await renew(front, name_of(stream), await who.bearer(seconds=600))
        assert answer.status_code == 200, answer.text
        left = datetime.fromisoformat(answer.json()["expiresAt"]) - utc_now()
        assert timedelta(seconds=590) < left <= timedelta(seconds=600)
        assert end_in(await other.wait_for_end())["reason"] == "TOKEN_EXPIRED"
        await who.cause("after the first token")
        payload = (await stream.wait_for_next()).payload
        assert payload["data"]["orderEvents"]["patch"] == {"notes": "after the first token"}


async def test_a_stream_goes_on_by_another_session_when_its_own_is_revoked(front: Front) -> None:
    who = await person(front)
    (first, first_hash), (second, second_hash) = await who.session(), await who.session()
    async with following(who, first) as stream:
        assert (await renew(front, name_of(stream), second)).status_code == 200
        await who.directory.sessions.revoke(first_hash)
        await who.cause("goes on")
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "goes on"}
        await who.directory.sessions.revoke(second_hash)
        await who.cause("after the end")
        assert end_in(await stream.wait_for_end())["reason"] == "SESSION_REVOKED"


async def test_whoever_it_is_not_for_is_told_what_is_told_of_a_stream_that_is_not_there(front: Front) -> None:
    who, colleague, foreigner = await person(front), await person(front), await person(front, slug="globex")
    async with following(who, await who.bearer(seconds=2)) as stream:
        answers = [
            await renew(front, name_of(stream), await colleague.bearer()),
            await renew(front, name_of(stream), await foreigner.bearer()),
            await renew(front, {NAME: "str_" + "0" * 32}, await who.bearer()),
            await renew(front, {NAME: "x" * 5_000}, await who.bearer()),
            await renew(front, {TOKEN: "x" * 43}, await who.bearer()),
            await renew(front, {TOKEN: "a-b"}, await who.bearer()),
        ]
        same = (404, {"message": "There is no such stream.", "extensions": {"code": "NOT_FOUND"}})
        assert [refused(answer) for answer in answers] == [same] * len(answers)
        assert end_in(await stream.wait_for_end())["reason"] == "TOKEN_EXPIRED"
    gone = await renew(front, name_of(stream), await who.bearer())
    assert refused(gone) == same


async def test_a_renewal_must_be_meant(front: Front) -> None:
    who = await person(front)
    cookie, _ = await who.session()
    bare = {"Cookie": cookie["Cookie"]}
    async with following(who, await who.bearer()) as stream:
        name = name_of(stream)
        assert refused(await renew(front, name))[0] == 401
        assert refused(await renew(front, name, bare))[1]["extensions"] == {"code": "CSRF_PREVENTION"}
        assert refused(await renew(front, await who.bearer()))[0] == 400
        assert (await renew(front, name, {"Authorization": "Bearer x.y.z"})).status_code == 401
        got = await front.client.get(PATH, headers={**name, **await who.bearer()})
        assert (got.status_code, got.headers["allow"]) == (405, "POST")
        assert (await renew(front, name, cookie)).status_code == 200


async def test_a_reserved_connection_is_renewed_by_its_token_and_then_is_the_new_sessions(front: Front) -> None:
    who = await person(front)
    (first, first_hash), (second, _) = await who.session(), await who.session()
    single = await reserved(front, first)
    async with single.open() as stream:
        assert (await single.post("a", EVENTS)).status_code == 202
        other = single.by(second)
        assert (await other.post("b", EVENTS)).status_code == 404
        assert (await renew(front, {TOKEN: single.token}, second)).status_code == 200
        await who.directory.sessions.revoke(first_hash)
        assert (await other.post("b", EVENTS)).status_code == 202
        await who.cause("to both")
        names = {told(await stream.wait_for_next())[0] for _ in range(2)}
        assert names == {"a", "b"}


@pytest.mark.parametrize("single", [False, True])
async def test_a_renewal_reaches_the_worker_that_has_the_stream(
    seeded_dsns: Dsns, redis: RedisServer, single: bool
) -> None:
    settings = settings_for(seeded_dsns, redis_url=redis.url)
    async with open_front(seeded_dsns, 0, redis_url=redis.url) as here, serving(settings) as there:
        who, colleague = await person(here), await person(here)
        reservation = await reserved(here, await who.bearer(seconds=2))
        opened = reservation.open() if single else following(who, await who.bearer(seconds=2))
        async with opened as stream:
            name = {TOKEN: reservation.token} if single else name_of(stream)
            assert refused(await renew(there, name, await colleague.bearer()))[0] == 404
            answer = await renew(there, name, await who.bearer(seconds=600))
            assert answer.status_code == 200, answer.text
            assert datetime.fromisoformat(answer.json()["expiresAt"]) - utc_now() > timedelta(seconds=500)
            await asyncio.sleep(2.2)
            if single:
                at_the_other = Single(there, await who.bearer(), reservation.token)
                assert (await at_the_other.post("a", EVENTS)).status_code == 202
            await who.cause("after the first token")
            assert (await stream.wait_for_next()).payload


async def test_a_worker_that_cannot_ask_the_others_says_so(seeded_dsns: Dsns, redis_apart: RedisServer) -> None:
    async with open_front(seeded_dsns, 0, redis_url=redis_apart.url) as front:
        who = await person(front)
        redis_apart.kill()
        answer = await renew(front, {NAME: "str_" + "0" * 32}, await who.bearer())
        assert refused(answer)[1]["extensions"] == {"code": "OVERLOADED"}
        assert answer.headers["retry-after"]
