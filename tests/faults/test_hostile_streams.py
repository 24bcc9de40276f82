"""What no client of the protocol sends to the path of streams: each has a clear answer, and leaves nothing behind."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from db.clock import utc_now
from db.event_cursors import EventCursorCodec
from db.events import Position
from db.tenancy import TenantId
from tests.faults.target import Target, codes_of, told
from tests.faults.test_hostile_bytes import MEGABYTES
from tests.support.server import GRAPHQL, JSON, STREAM
from tests.support.single import PATH, Single, reserved
from tests.support.waiting import until

WATCH = "subscription ($after: String) { orderEvents(after: $after) { id } }"
WHO = "{ viewer { tenant { slug } } }"
OPERATION = '{"operationId":"1"}'
STREAMS = f"{STREAM}; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


# ── what is accepted ────────────────────────────────────────────────────────────────────────────────────────────────


ACCEPTS: dict[str, dict[str | None, int]] = {
    "PUT": {
        **dict.fromkeys((None, "*/*", "text/*", "text/plain", "TEXT/PLAIN;q=0.1", f"{JSON}, text/plain"), 201),
        **dict.fromkeys((JSON, GRAPHQL, STREAM, "text/html", "image/*", "text/plain;q=0", "text/plain, */*;q=x"), 406),
        "text/plain, */*;q=x": 201,
    },
    "POST an operation": {
        **dict.fromkeys((None, "*/*", JSON, GRAPHQL, "application/*", f"{JSON}, {STREAM}"), 202),
        **dict.fromkeys(("image/png", "text/html", f"{STREAM};q=0", "*/*;q=0"), 406),
        STREAM: 200,
        f"{STREAM}, {JSON}": 200,
    },
    "GET an operation": {
        **dict.fromkeys((None, "*/*", JSON, GRAPHQL), 202),
        **dict.fromkeys(("image/png", f"{STREAM};q=0"), 406),
        STREAM: 200,
    },
    "POST without a token": {
        **dict.fromkeys((None, "*/*", STREAM, f"{JSON}, {STREAM};q=0.1"), 200),
        **dict.fromkeys((JSON, GRAPHQL, "image/png", f"{STREAM};q=0"), 406),
    },
    "GET without a token": {
        **dict.fromkeys((None, "*/*", STREAM), 200),
        **dict.fromkeys((JSON, GRAPHQL), 406),
    },
    "DELETE": dict.fromkeys((None, "*/*", JSON, STREAM, "image/png"), 200),
}


@asynccontextmanager
async def sent(target: Target, what: str, accept: str | None) -> AsyncIterator[httpx2.Response]:
    """The answer to that request, on a new reservation where it is for one."""
    client, method = target.front.client, what.split(maxsplit=1)[0]
    fields = await target.front.bearer("viewer", "initech")
    if what != "PUT" and "without" not in what:
        fields = (await reserved(target.front, fields)).fields
    body = {"query": WHO, "extensions": {"operationId": "1"}} if method == "POST" else None
    params = {"query": WHO, "extensions": OPERATION} if method == "GET" else None
    params = {"operationId": "1"} if method == "DELETE" else params
    request = client.build_request(method, PATH, json=body, params=params, headers=fields)
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    response = await client.send(request, stream=True)
    try:
        yield response
    finally:
        await response.aclose()


@pytest.mark.parametrize("what", ACCEPTS)
async def test_every_answer_is_of_a_type_that_its_client_takes(target: Target, what: str) -> None:
    types = {201: TEXT, 200: STREAMS if what != "DELETE" else None, 202: None}
    for accept, status in ACCEPTS[what].items():
        async with sent(target, what, accept) as answer:
            assert answer.status_code == status, (what, accept)
            if status != 406:
                assert answer.headers.get("content-type") == types[status]
                continue
            await answer.aread()
            body = told(answer)
            assert codes_of(body) == {"BAD_REQUEST"}
            wanted = "text/plain" if what == "PUT" else STREAM
            assert wanted in body["errors"][0]["message"]
    await until(lambda: not target.front.open_streams)


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*", f"{STREAM};q=0, */*"])
async def test_a_subscription_for_a_client_of_plain_json_names_the_type_to_ask_for(target: Target, accept: str) -> None:
    for answer in (
        await target.front.post(WATCH, headers=target.bearer, accept=accept),
        await target.front.get({"query": WATCH}, headers=target.bearer, accept=accept),
    ):
        body = told(answer)
        assert (answer.status_code, codes_of(body), "data" in body) == (406, {"BAD_REQUEST"}, False)
        assert STREAM in body["errors"][0]["message"]
    assert not target.front.app.state.gateway.groups.members


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def head(single: Single, method: str, *lines: str) -> bytes:
    fields = [f"{name}: {value}" for name, value in single.fields.items()]
    start = f"{method} {PATH}?operationId=1 HTTP/1.1"
    return "\r\n".join((start, "Host: x", *fields, *lines, "", "")).encode()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "GET"])
async def test_a_body_beyond_the_bound_is_refused_before_it_comes(
    target: Target, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    single = await reserved(target.front, target.bearer)
    accept = f"Accept: {STREAM if method in {'POST', 'GET'} else '*/*'}"
    async with target.unharmed(caplog):
        answer = await target.send_raw(head(single, method, accept, "Content-Length: 2000000"), b"x")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"BAD_REQUEST"' in answer
    assert not target.front.app.state.single_streams._open


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_body_without_end_is_not_read(target: Target, caplog: pytest.LogCaptureFixture, method: str) -> None:
    single = await reserved(target.front, target.bearer)
    begun = head(single, method, "Transfer-Encoding: chunked")
    async with target.unharmed(caplog):
        answer = await target.send_raw(begun, *(MEGABYTES,) * 32)
    assert answer.startswith(b"HTTP/1.1 201 " if method == "PUT" else b"HTTP/1.1 200 ")


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
async def test_a_chunk_that_is_none_ends_its_connection_alone(
    target: Target, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    single = await reserved(target.front, target.bearer)
    lines = f"Accept: {JSON}", "Content-Type: application/json", "Transfer-Encoding: chunked"
    async with target.unharmed(caplog, lines=2):  # uvicorn says so too
        answer = await target.send_raw(head(single, method, *lines) + b"zz\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    async with single.open():
        pass


# ── cursors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def bad_cursors(target: Target) -> dict[str, tuple[str, str]]:
    """Cursors that are not good here, each with the code that says so."""
    front, state = target.front, target.front.app.state
    async with front.stream(WATCH, headers=await front.bearer("manager", "globex")) as theirs:
        foreign = await theirs.wait_for_id()
    async with front.stream(WATCH, headers=target.bearer) as ours:
        good = await ours.wait_for_id()
    row = await state.directory.tenant_by_slug("acme")
    replaced = EventCursorCodec(state.keyring.keys("event cursor"), await state.directory.epoch() + 1)
    expired = replaced.encode(TenantId(row["id"]), Position(1, utc_now()))
    return {
        "another tenant's": (foreign, "BAD_USER_INPUT"),
        "forged": (good[:-1] + ("A" if good[-1] != "A" else "Q"), "BAD_USER_INPUT"),
        "cut short": (good[:-4], "BAD_USER_INPUT"),
        "a list's": (target.own.cursor, "BAD_USER_INPUT"),
        "of a database that was replaced": (expired, "STREAM_RESYNC"),
    }


def check_refused(payload: Any, code: str) -> None:  # Any: JSON
    """The one frame of a subscription that begins nowhere."""
    assert codes_of(payload) == {code}
    assert not payload.get("data")
    assert (payload.get("extensions") or {}).get("stream") == ({"resync": True} if code == "STREAM_RESYNC" else None)


async def test_a_cursor_that_is_not_good_here_is_told_so_however_it_comes(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    client, listening = target.front.client, {**target.bearer, "Accept": STREAM}
    for name, (cursor, code) in (await bad_cursors(target)).items():
        last, operation = {"Last-Event-ID": cursor}, {"query": WATCH}
        answers = [
            client.post(PATH, json={**operation, "variables": {"after": cursor}}, headers=listening),
            client.post(PATH, json=operation, headers=listening | last),
            client.get(PATH, params=operation, headers=listening | last),
            client.get(PATH, params=operation | {"lastEventId": cursor}, headers=listening),
            client.get(PATH, params=operation | {"variables": json.dumps({"after": cursor})}, headers=listening),
        ]
        async with target.unharmed(caplog, lines=len(answers)):
            for each in answers:
                answer = await each
                assert answer.status_code == 200, name
                assert answer.text.endswith("event: complete\ndata:\n\n"), name
                assert "\nid:" not in answer.text, name
                check_refused(told(answer), code)
    assert not target.front.app.state.gateway.groups.members


async def test_on_a_reserved_connection_a_cursor_that_is_not_good_ends_its_operation_alone(target: Target) -> None:
    for name, (cursor, code) in (await bad_cursors(target)).items():
        last = {"Last-Event-ID": cursor}
        for also in ({"put": last}, {"open": last}, {"post": last}):
            single = await reserved(target.front, target.bearer, also.get("put"))
            async with single.open(also=also.get("open")) as stream:
                assert (await single.post("1", WATCH, also=also.get("post"))).status_code == 202, name
                block = await stream.wait_for_next()
                assert block.payload["id"] == "1"
                check_refused(block.payload["payload"], code)
                assert (await stream.wait_for_complete()).payload == {"id": "1"}
                assert (await single.post("1", WHO)).status_code == 202, name
                assert (await stream.wait_for_next()).payload["payload"]["data"]
                assert stream.last_id is None


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_that_is_not_quite_the_one_that_was_made_is_unknown_to_every_verb(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    single = await reserved(target.front, target.bearer)
    token = single.token
    flipped = token[:-1] + ("A" if token[-1] != "A" else "Q")
    async with single.open() as stream:
        for wrong in (token[:-1], token + "A", flipped, token.swapcase(), token * 2, f"{token}\t{token}"):
            thief = replace(single, token=wrong)
            tries = (
                thief.post("1", WHO),
                thief.get({"query": WHO, "extensions": OPERATION}),
                thief.delete("1"),
                target.front.client.get(PATH, headers={**thief.fields, "Accept": STREAM}),
            )
            async with target.unharmed(caplog, lines=len(tries)):
                for each in tries:
                    answer = await each
                    assert (answer.status_code, codes_of(told(answer))) == (404, {"NOT_FOUND"}), wrong
        assert (await single.post("1", WHO)).status_code == 202
        assert (await stream.wait_for_next()).payload["id"] == "1"


async def test_a_reservation_that_nobody_claimed_in_time_is_unknown_to_every_verb(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.reservations.UNCLAIMED_SECONDS", 0.05)
    single = await reserved(target.front, target.bearer)
    await asyncio.sleep(0.1)
    for answer in (
        await single.post("1", WHO),
        await single.delete("1"),
        await target.front.client.get(PATH, headers={**single.fields, "Accept": STREAM}),
    ):
        assert (answer.status_code, codes_of(told(answer))) == (404, {"NOT_FOUND"})


# ── ids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_id_of_nearly_a_million_characters_is_kept_by_nobody(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    single = await reserved(target.front, target.bearer)
    async with single.open():
        async with target.unharmed(caplog, lines=2):
            answers = await single.post("x" * 990_000, WHO), await single.post("x" * 1_000_000, WHO)
        assert [answer.status_code for answer in answers] == [400, 413]
        assert all(len(answer.content) < 1_000 for answer in answers)
        (stream,) = target.front.app.state.single_streams._open.values()
        assert not stream._in_use
