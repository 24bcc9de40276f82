"""What an operator sees of the open streams, here and at other workers, and the end of one."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.database import Dsns
from tests.support.members import EVENTS, Person, end_in, following, past_every_door, person
from tests.support.redis import RedisServer
from tests.support.server import Front, open_front, serving, settings_for
from tests.support.single import reserved, told
from tests.support.waiting import until_answered

STREAMS = """{ streams(first: 500) { complete totalCount nodes { id operation tenant { slug } user { id email name }
    mode since lagEvents lagMilliseconds queuedBytes sharedBy worker } } }"""
TERMINATE = """mutation($id: ID!) { terminateStream(input: {id: $id}) {
    stream { id operation user { email } } userErrors { code field } } }"""
NAMED = "subscription Watching { orderEvents { id patch } }"
Answer = dict[str, Any]  # Any: JSON


async def streams_of(front: Front, headers: Mapping[str, str]) -> Answer:
    answer: Answer = (await front.post(STREAMS, headers=headers)).json()["data"]["streams"]
    return answer


async def mine(front: Front, who: Person, headers: Mapping[str, str]) -> list[Answer]:
    """The person's streams, as the caller of the headers sees them."""
    return [each for each in (await streams_of(front, headers))["nodes"] if each["user"]["email"] == who.email]


async def terminate(front: Front, stream_id: str, headers: Mapping[str, str]) -> Answer:
    answer: Answer = (await front.post(TERMINATE, {"id": stream_id}, headers=headers)).json()
    return answer


async def audited(front: Front, stream_id: str) -> list[Any]:  # Any: rows
    return await past_every_door(
        front,
        "SELECT u.email, a.changes FROM audit_log a JOIN users u ON u.id = a.actor_id "
        "WHERE a.action = 'terminateStream' AND a.entity_id = $1",
        stream_id,
    )


async def test_an_admin_sees_who_follows_what(front: Front) -> None:
    who, admin = await person(front), await front.bearer("admin")
    async with following(who, await who.bearer(), NAMED) as stream, following(who, await who.bearer(), NAMED):
        seen = await mine(front, who, admin)
        (found,) = [each for each in seen if each["id"] == stream.response.headers["X-Tidegate-Stream"]]
        assert found.pop("since")
        assert len(found.pop("worker")) == 8
        assert found == {
            "id": stream.response.headers["X-Tidegate-Stream"],
            "operation": "Watching",
            "tenant": {"slug": "acme"},
            "user": {"id": f"usr_{who.id}", "email": who.email, "name": "Zoë"},
            "mode": "DISTINCT",
            "lagEvents": 0,
            "lagMilliseconds": 0,
            "queuedBytes": 0,
            "sharedBy": 2,
        }
    await until_answered(lambda: _none(front, who, admin))


async def _none(front: Front, who: Person, headers: Mapping[str, str]) -> bool:
    return not await mine(front, who, headers)


async def test_operations_of_a_reserved_connection_are_streams_of_their_own(front: Front) -> None:
    who, admin = await person(front), await front.bearer("admin")
    single = await reserved(front, await who.bearer())
    async with single.open() as stream:
        for name in ("one", "two"):
            assert (await single.post(name, NAMED)).status_code == 202
        seen = await mine(front, who, admin)
        assert [each["mode"] for each in seen] == ["SINGLE"] * 2
        assert (await terminate(front, seen[0]["id"], admin))["data"]["terminateStream"]["userErrors"] == []
        ended = told(await stream.wait_for_next())
        assert ended[1]["extensions"]["stream"]["end"]["reason"] == "TERMINATED"
        assert told(await stream.wait_for_complete())[0] == ended[0]
        await who.cause("to the other")
        assert told(await stream.wait_for_next())[0] != ended[0]


async def test_a_stream_that_is_terminated_says_so_and_it_is_on_record(front: Front) -> None:
    who, admin = await person(front), await front.bearer("admin")
    async with following(who, await who.bearer(), NAMED) as stream, following(who, await who.bearer()) as other:
        stream_id = stream.response.headers["X-Tidegate-Stream"]
        answer = await terminate(front, stream_id, admin)
        ended = answer["data"]["terminateStream"]
        assert ended == {
            "stream": {"id": stream_id, "operation": "Watching", "user": {"email": who.email}},
            "userErrors": [],
        }
        await who.cause("after the end")
        assert end_in(await stream.wait_for_end())["reason"] == "TERMINATED"
        assert (await other.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "after the end"}
    ((email, changes),) = await audited(front, stream_id)
    assert email == "admin@acme.example"
    assert f'"user": ["usr_{who.id}", null]' in changes
    again = await terminate(front, stream_id, admin)
    assert again["data"]["terminateStream"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
    assert len(await audited(front, stream_id)) == 1


async def test_another_tenants_admin_sees_and_ends_nothing(front: Front) -> None:
    who, foreign = await person(front), await front.bearer("admin", "globex")
    async with following(who, await who.bearer()) as stream:
        stream_id = stream.response.headers["X-Tidegate-Stream"]
        assert stream_id not in str(await streams_of(front, foreign))
        answer = await terminate(front, stream_id, foreign)
        unknown = await terminate(front, "str_" + "0" * 32, foreign)
        assert answer["data"] == unknown["data"]
        assert answer["data"]["terminateStream"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
        await who.cause("goes on")
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "goes on"}
    assert await audited(front, stream_id) == []


@pytest.mark.parametrize("role", ["viewer", "manager", "partner", None])
async def test_whoever_may_not_sees_and_ends_nothing(front: Front, role: str | None) -> None:
    who = await person(front)
    headers = {} if role is None else await front.bearer(role)
    async with following(who, await who.bearer()) as stream:
        stream_id = stream.response.headers["X-Tidegate-Stream"]
        seen = await front.post(STREAMS, headers=headers)
        ended = await front.post(TERMINATE, {"id": stream_id}, headers=headers)
        code = "UNAUTHENTICATED" if role is None else "FORBIDDEN"
        for answer in (seen, ended):
            assert [error["extensions"]["code"] for error in answer.json()["errors"]] == [code]
            assert stream_id not in answer.text
        await who.cause("goes on")
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "goes on"}
    assert await audited(front, stream_id) == []


@pytest.mark.parametrize("first", [0, -1, 501])
async def test_a_list_without_measure_is_refused(front: Front, first: int) -> None:
    answer = await front.post(f"{{ streams(first: {first}) {{ totalCount }} }}", headers=await front.bearer("admin"))
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_USER_INPUT"]


async def test_the_list_is_cut_and_tells_how_many_there_are(front: Front) -> None:
    who = await person(front)
    async with following(who, await who.bearer()), following(who, await who.bearer()):
        document = "{ streams(first: 1) { totalCount nodes { id } } }"
        answer = (await front.post(document, headers=await front.bearer("admin"))).json()["data"]["streams"]
        assert (len(answer["nodes"]), answer["totalCount"] >= 2) == (1, True)


async def test_streams_of_other_workers_are_seen_and_ended(seeded_dsns: Dsns, redis: RedisServer) -> None:
    settings = settings_for(seeded_dsns, redis_url=redis.url)
    async with open_front(seeded_dsns, 0, redis_url=redis.url) as here, serving(settings) as there:
        who, admin = await person(here), await here.bearer("admin")
        async with following(who, await who.bearer()) as stream:
            stream_id = stream.response.headers["X-Tidegate-Stream"]
            (seen,), (there_seen,) = await asyncio.gather(mine(here, who, admin), mine(there, who, admin))
            assert seen == there_seen
            foreign = await there.bearer("admin", "globex")
            refused = (await terminate(there, stream_id, foreign))["data"]["terminateStream"]
            assert refused["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
            ended = (await terminate(there, stream_id, admin))["data"]["terminateStream"]
            assert (ended["stream"]["id"], ended["userErrors"]) == (stream_id, [])
            assert end_in(await stream.wait_for_end())["reason"] == "TERMINATED"
        assert len(await audited(here, stream_id)) == 1


async def test_a_worker_that_has_more_streams_than_it_tells_of_says_so(
    seeded_dsns: Dsns, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(seeded_dsns, redis_url=redis.url)
    async with open_front(seeded_dsns, 0, redis_url=redis.url) as here, serving(settings) as there:
        who, admin = await person(here), await here.bearer("admin")
        async with following(who, await who.bearer()), following(who, await who.bearer()):
            monkeypatch.setattr("web.sse.elsewhere.MOST", 2)
            seen = await streams_of(there, admin)
            assert (seen["complete"], seen["totalCount"]) == (True, 2)
            monkeypatch.setattr("web.sse.elsewhere.MOST", 1)
            seen = await streams_of(there, admin)
            assert (seen["complete"], seen["totalCount"]) == (False, 1)


async def test_while_redis_is_away_the_list_says_that_it_is_not_whole(
    seeded_dsns: Dsns, redis_apart: RedisServer
) -> None:
    async with open_front(seeded_dsns, 0, redis_url=redis_apart.url) as front:
        who, admin = await person(front), await front.bearer("admin")
        async with following(who, await who.bearer(), EVENTS):
            assert (await streams_of(front, admin))["complete"] is True
            redis_apart.kill()
            seen = await streams_of(front, admin)
            assert (seen["complete"], seen["totalCount"]) == (False, 1)
