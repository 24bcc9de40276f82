"""Subscriptions over a socket: frames byte for byte, resuming, and that hanging up frees everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from db.errors import QueryTimeout, Unavailable
from tests.support.server import STREAM, Front, serving
from tests.support.streams import StreamClient
from tests.support.waiting import until

EVENTS = "subscription($after: String) { orderEvents(after: $after) { type id cursor patch } }"
CREATED_ONLY = "subscription { orderEvents(types: [CREATED]) { id } }"
UPDATE = """mutation($id: ID!, $notes: String) {
    updateOrder(input: {id: $id, notes: $notes}) { order { id } userErrors { code } } }"""


async def an_order(front: Front) -> str:
    answer = await front.post("{ orders(first: 1) { nodes { id } } }", headers=await front.bearer())
    return str(answer.json()["data"]["orders"]["nodes"][0]["id"])


async def note(front: Front, order: str, notes: str) -> None:
    answer = await front.post(UPDATE, {"id": order, "notes": notes}, headers=await front.bearer())
    assert answer.json()["data"]["updateOrder"] == {"order": {"id": order}, "userErrors": []}


async def until_closed(front: Front) -> None:
    await until(lambda: not front.open_streams and not front.app.state.hub.followers)


@asynccontextmanager
async def event_source(front: Front, params: dict[str, str], headers: dict[str, str]) -> AsyncIterator[StreamClient]:
    """As a browser's EventSource asks."""
    fields = {"Accept": STREAM, **headers}
    async with front.client.stream("GET", "/graphql", params=params, headers=fields) as response:
        yield StreamClient(response)


def notes_of(payload: Any) -> str:  # Any: JSON
    return str(payload["data"]["orderEvents"]["patch"]["notes"])


async def test_a_change_arrives_as_a_frame_with_its_cursor_as_id(front: Front) -> None:
    order = await an_order(front)
    async with front.stream(EVENTS, headers=await front.bearer()) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-accel-buffering"] == "no"
        begun = await stream.wait_for_id()
        assert b"".join(block.raw for block in stream.blocks) == b":\n\nretry: 1000\n\n:\nid: %s\n\n" % begun.encode()
        await note(front, order, "arrives")
        frame = await stream.wait_for_next()
    event = frame.payload["data"]["orderEvents"]
    assert (event["type"], event["id"], event["patch"]["notes"]) == ("order.updated", order, "arrives")
    assert frame.id == event["cursor"] == frame.payload["extensions"]["cursor"]
    assert frame.raw.startswith(f"event: next\nid: {frame.id}\ndata: {{".encode())
    assert frame.raw.endswith(b"}\n\n")
    assert b"\r" not in frame.raw


async def test_hanging_up_frees_everything(front: Front) -> None:
    await until_closed(front)
    async with front.stream(EVENTS, headers=await front.bearer()) as stream:
        await stream.wait_for_id()
        await until(lambda: front.app.state.hub.followers == 1)
        assert front.open_streams == 1
        await stream.dispose()
        await until_closed(front)


async def test_a_dropped_stream_resumes_after_its_last_event(front: Front) -> None:
    order, headers = await an_order(front), await front.bearer()
    async with front.stream(EVENTS, headers=headers) as stream:
        await stream.wait_for_id()
        await note(front, order, "first")
        await stream.wait_for_next()
        last = stream.last_id
    for text in ("second", "third"):
        await note(front, order, text)
    assert last is not None
    async with event_source(front, {"query": EVENTS}, headers | {"Last-Event-ID": last}) as by_header:
        assert [notes_of((await by_header.wait_for_next()).payload) for _ in range(2)] == ["second", "third"]
    async with event_source(front, {"query": EVENTS, "lastEventId": last}, headers) as by_address:
        assert notes_of((await by_address.wait_for_next()).payload) == "second"
    async with front.stream(EVENTS, {"after": last}, headers=headers) as by_argument:
        assert notes_of((await by_argument.wait_for_next()).payload) == "second"


async def test_a_stream_that_drops_before_any_event_resumes_from_where_it_began(front: Front) -> None:
    order, headers = await an_order(front), await front.bearer()
    async with front.stream(EVENTS, headers=headers) as stream:
        begun = await stream.wait_for_id()
    await note(front, order, "between")
    async with event_source(front, {"query": EVENTS}, headers | {"Last-Event-ID": begun}) as again:
        assert notes_of((await again.wait_for_next()).payload) == "between"


async def test_a_ping_carries_an_id_when_the_log_moved_without_a_match(front: Front) -> None:
    order, headers = await an_order(front), await front.bearer()
    async with front.stream(CREATED_ONLY, headers=headers) as stream:
        begun = await stream.wait_for_id()
        await note(front, order, "no match")
        async with asyncio.timeout(60):
            while stream.last_id == begun:
                block = await stream.wait_for_block()
                assert block.event is None
    moved = stream.blocks[-1].raw
    assert moved == b":\nid: %s\n\n" % str(stream.last_id).encode()


@pytest.mark.parametrize("given", ["nonsense", "AAAA", "x" * 150])
async def test_a_last_event_id_that_was_not_made_here_is_bad_input(front: Front, given: str) -> None:
    async with event_source(front, {"query": EVENTS}, await front.bearer() | {"Last-Event-ID": given}) as stream:
        told = (await stream.wait_for_next()).payload
        await stream.wait_for_complete()
    assert told["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_another_tenants_last_event_id_is_bad_input(front: Front) -> None:
    async with front.stream(EVENTS, headers=await front.bearer("admin", "globex")) as theirs:
        cursor = await theirs.wait_for_id()
    async with event_source(front, {"query": EVENTS}, await front.bearer() | {"Last-Event-ID": cursor}) as stream:
        told = (await stream.wait_for_next()).payload
    assert told["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("accept", [STREAM, "*/*", f"application/json, {STREAM};q=0.1"])
async def test_the_path_of_streams_answers_streams(front: Front, accept: str) -> None:
    headers = await front.bearer() | {"Accept": accept}
    async with front.stream(EVENTS, headers=headers, path="/graphql/stream") as stream:
        assert stream.response.headers["content-type"].startswith(STREAM)
        await stream.wait_for_id()
    answer = await front.post("{ __typename }", accept=accept, path="/graphql/stream")
    assert answer.content.endswith(b'data: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n')


async def test_the_path_of_streams_is_not_for_those_who_take_none(front: Front) -> None:
    answer = await front.post("{ __typename }", path="/graphql/stream")
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["message"] == "Accept text/event-stream."


async def test_a_subscription_without_permission_is_refused_by_status(front: Front) -> None:
    answer = await front.post(EVENTS, accept=STREAM)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json; charset=utf-8")
    assert front.open_streams == 0


async def test_one_stream_too_many_is_refused_and_an_event_source_is_sent_away(front: Front) -> None:
    async with serving(front.app.state.settings.model_copy(update={"streams_per_user": 1})) as full:
        headers = await full.bearer()
        async with full.stream(EVENTS, headers=headers) as stream:
            await stream.wait_for_id()
            answer = await full.post(EVENTS, headers=headers, accept=STREAM)
            assert (answer.status_code, answer.headers.get_list("retry-after")) == (503, ["10"])
            assert answer.json()["errors"][0]["extensions"]["code"] == "STREAM_LIMIT"
            answer = await full.get({"query": EVENTS}, headers=headers, accept=STREAM)
            assert (answer.status_code, answer.text) == (200, ":STREAM_LIMIT\n\nretry: 10000\n\n")
            assert (full.open_streams, len(full.app.state.gateway.groups.members)) == (1, 1)
        await until_closed(full)
        async with full.stream(EVENTS, headers=headers) as again:
            await again.wait_for_id()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Unavailable("away"), 503, "OVERLOADED"), (QueryTimeout("slow"), 504, "OPERATION_TIMEOUT")],
)
async def test_an_event_source_comes_back_when_it_cannot_be_found_out_now_who_it_is(
    front: Front, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    async def fail(*_: object) -> None:
        raise error

    headers = await front.bearer()
    monkeypatch.setattr(front.app.state.authenticator, "authenticate", fail)
    for path in ("/graphql", "/graphql/stream"):
        answer = await front.client.get(path, params={"query": EVENTS}, headers={**headers, "Accept": STREAM})
        assert (answer.status_code, answer.text) == (200, f":{code}\n\nretry: 1000\n\n")
        answer = await front.post(EVENTS, headers=headers, accept=STREAM, path=path)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_an_event_source_comes_back_when_its_document_cannot_be_looked_up_now(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Unavailable("away")

    headers = await front.bearer()
    monkeypatch.setattr(front.app.state.gateway._admission, "admit", fail)
    params = {"extensions": '{"persistedQuery":{"version":1,"sha256Hash":"%s"}}' % ("0" * 64)}
    answer = await front.get(params, headers=headers, accept=STREAM)
    assert (answer.status_code, answer.text) == (200, ":OVERLOADED\n\nretry: 1000\n\n")
    answer = await front.get(params, headers=headers)
    assert answer.status_code == 503
