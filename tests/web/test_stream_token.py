"""Stream tokens over HTTP: made by any credential, good for one kind of request, and in no log."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
import pytest
import structlog

from tests.support.logs import logged
from tests.support.members import EVENTS, Person, end_in, person
from tests.support.server import JSON, STREAM, Front
from tests.support.single import reserved, told
from tests.support.streams import StreamClient

PATH = "/auth/stream-token"
WHO = "{ viewer { user { id } } }"


async def made(front: Front, headers: Mapping[str, str]) -> str:
    answer = await front.client.post(PATH, headers=dict(headers))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["token"])


@asynccontextmanager
async def event_source(front: Front, token: str, path: str = "/graphql") -> AsyncIterator[StreamClient]:
    """As a browser's EventSource asks."""
    params = {"query": EVENTS, "streamToken": token}
    async with front.client.stream("GET", path, params=params, headers={"Accept": STREAM}) as response:
        yield StreamClient(response)


def refused(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


@pytest.fixture
async def who(front: Front) -> Person:
    return await person(front)


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
@pytest.mark.parametrize("by", ["session", "token"])
async def test_it_opens_a_stream_that_ends_with_its_credential(front: Front, who: Person, by: str, path: str) -> None:
    headers, id_hash = await who.session() if by == "session" else (await who.bearer(seconds=3), b"")
    async with event_source(front, await made(front, headers), path=path) as stream:
        await stream.wait_for_id()
        await who.cause("told")
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "told"}
        if by == "session":
            await who.directory.sessions.revoke(id_hash)
        end = end_in(await stream.wait_for_end())
    assert end["reason"] == ("SESSION_REVOKED" if by == "session" else "TOKEN_EXPIRED")


async def test_it_opens_the_stream_of_a_reservation(front: Front, who: Person) -> None:
    headers, _ = await who.session()
    single, token = await reserved(front, headers), await made(front, headers)
    params = {"token": single.token, "streamToken": token}
    async with front.client.stream("GET", "/graphql/stream", params=params, headers={"Accept": STREAM}) as response:
        stream = StreamClient(response)
        assert (await single.post("a", WHO)).status_code == 202
        assert told(await stream.wait_for_next())[0] == "a"


async def test_on_a_reserved_stream_too_it_opens_subscriptions_alone(front: Front, who: Person) -> None:
    headers, _ = await who.session()
    single, token = await reserved(front, headers), await made(front, headers)
    accept = {"Accept": f"{JSON}, {STREAM}"}
    params = {"token": single.token, "streamToken": token, "extensions": '{"operationId":"a"}'}
    async with single.open() as stream:
        query = await front.client.get("/graphql/stream", params={**params, "query": WHO}, headers=accept)
        assert refused(query) == (403, "FORBIDDEN")
        unknown = await front.client.get("/graphql/stream", params={**params, "query": "{ nope }"}, headers=accept)
        assert refused(unknown)[1] == "GRAPHQL_VALIDATION_FAILED"
        watch = {**params, "query": "subscription { orderEvents { id } }"}
        assert (await front.client.get("/graphql/stream", params=watch, headers=accept)).status_code == 202
        await stream.wait_for_id()


async def test_it_is_of_the_tenant_that_it_was_made_for(front: Front, who: Person) -> None:
    globex = await who.directory.tenant_by_slug("globex")
    assert globex is not None
    await who.directory.put_membership(globex["id"], who.id, "manager")
    token = await made(front, {**(await who.session())[0], "X-Tenant": "globex"})
    async with event_source(front, token) as stream:
        await stream.wait_for_id()
        callers = front.app.state.rights._watched.of_user(who.id)
        assert [each.principal.tenant_slug for each in callers] == ["globex"]


async def test_it_is_good_for_nothing_else(front: Front, who: Person) -> None:
    headers, _ = await who.session()
    token = await made(front, headers)
    params = {"query": WHO, "streamToken": token}
    ask = front.client
    answers = [
        await ask.get("/graphql", params=params, headers={"Accept": JSON}),
        await ask.get("/graphql", params=params, headers={"Accept": "*/*"}),
        await ask.get("/graphql", params=params, headers={"Accept": STREAM, **await who.bearer()}),
        await ask.get("/graphql", params=params, headers={"Accept": STREAM, "X-Tenant": "acme"}),
        await ask.get(f"/graphql?streamToken={token}&streamToken={token}", headers={"Accept": STREAM}),
        await ask.post("/graphql", params=params, json={"query": WHO}, headers={"Accept": STREAM}),
        await ask.post(PATH, params={"streamToken": token}),
        await ask.put("/graphql/stream", params={"streamToken": token}),
        await ask.post("/graphql/stream/renew", params={"streamToken": token}, headers={"X-Tidegate-Stream": "str_x"}),
    ]
    assert [refused(answer) for answer in answers] == [(400, "BAD_REQUEST")] * len(answers)
    query = await ask.get("/graphql", params=params, headers={"Accept": STREAM})
    assert refused(query) == (403, "FORBIDDEN")
    mutation = await ask.get(
        "/graphql", params={**params, "query": "mutation { revokeOtherSessions { count } }"}, headers={"Accept": STREAM}
    )
    assert mutation.status_code == 405
    bearer = await front.post(WHO, headers={"Authorization": f"Bearer {token}"})
    assert refused(bearer) == (401, "UNAUTHENTICATED")


async def test_it_is_made_for_somebody_who_means_it(front: Front, who: Person) -> None:
    headers, _ = await who.session()
    assert refused(await front.client.post(PATH)) == (401, "UNAUTHENTICATED")
    bare = {"Cookie": headers["Cookie"]}
    assert refused(await front.client.post(PATH, headers=bare)) == (403, "CSRF_PREVENTION")
    got = await front.client.get(PATH, headers=headers)
    assert (got.status_code, got.headers["allow"]) == (405, "POST")


async def test_it_stands_in_no_line_of_the_log(front: Front, who: Person) -> None:
    token = await made(front, await who.bearer())
    with logged(level="debug") as lines:
        async with event_source(front, token) as stream:
            await stream.wait_for_id()
        await front.client.get("/graphql", params={"query": WHO, "streamToken": token}, headers={"Accept": STREAM})
        structlog.get_logger().info("what a proxy would say", url=f"/graphql?query=x&streamToken={token}")
    assert '"path": "/graphql"' in lines.getvalue() or '"path":"/graphql"' in lines.getvalue()
    assert token not in lines.getvalue()
