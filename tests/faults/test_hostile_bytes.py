"""Requests that are wrong as HTTP: each is answered or its connection closed, and nobody else notices."""

import asyncio
import gzip
import json
import time
from datetime import timedelta

import pytest

from auth.tokens import sign_token
from db.clock import utc_now
from tests.faults.target import Target, codes_of, told
from tests.support.server import GRAPHQL, JSON, STREAM

QUERY = b'{"query": "{ viewer { user { id } } }"}'
DEEP = b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}"
DIGITS = b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}"
Headers = dict[str, str | bytes]


def refused(name: str, status: int, code: str, *values: str | bytes) -> list[tuple[Headers, int, str]]:
    return [({name: value}, status, code) for value in values]


HEADERS: list[tuple[Headers, int, str]] = [
    *refused("Authorization", 401, "UNAUTHENTICATED", "Bearer", "Bearer x", "Basic YTpi", "Bearer a.b.c", "x"),
    *refused("Authorization", 401, "UNAUTHENTICATED", "Bearer " + "a" * 9_000, b"Bearer \xff\xfe"),
    *refused("Authorization", 401, "UNAUTHENTICATED", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3IifQ."),
    *refused("Cookie", 403, "CSRF_PREVENTION", "tidegate=x"),
    ({"Cookie": "tidegate=x", "X-Tidegate-Csrf": "1"}, 401, "UNAUTHENTICATED"),
    ({"Cookie": "tidegate=" + "a" * 4_000, "X-Tidegate-Csrf": "1"}, 401, "UNAUTHENTICATED"),
    ({"Cookie": "tidegate=x; tidegate=y", "X-Tidegate-Csrf": "1"}, 400, "BAD_REQUEST"),
    *refused("X-Tenant", 403, "FORBIDDEN", "globex", "nope", "x" * 5_000, b"\xff", "' or 1=1"),
    *refused("Last-Event-ID", 400, "BAD_USER_INPUT", b"\xff", "x" * 300),
    *refused("Content-Encoding", 415, "BAD_REQUEST", "gzip", "br, gzip"),
    *refused(
        "Content-Type", 415, "BAD_REQUEST", "text/plain", "multipart/form-data", "application/json;charset=latin-1"
    ),
    *refused("Accept", 406, "BAD_REQUEST", "text/html, image/png;q=0.5"),
    *refused("X-Much", 431, "BAD_REQUEST", "x" * 40_000),
]


@pytest.mark.parametrize(("headers", "status", "code"), HEADERS, ids=lambda each: str(each)[:60])
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_header_that_makes_no_sense_is_refused(
    target: Target,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str | bytes],
    status: int,
    code: str,
    accept: str,
) -> None:
    anonymous = bool({"Authorization", "Cookie"} & headers.keys())
    fields = {"Content-Type": JSON, "Accept": accept, **({} if anonymous else target.bearer), **headers}
    sent = [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in fields.items()]
    async with target.unharmed(caplog):
        response = await target.front.client.post("/graphql", content=QUERY, headers=sent)
    as_json = 200 if accept == JSON and code == "BAD_USER_INPUT" else status
    assert (response.status_code, codes_of(told(response))) == (as_json, {code})
    assert "user" not in response.text


async def test_an_expired_token_is_no_token(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    state = target.front.app.state
    user = await state.directory.user_by_email("manager@acme.example")
    then = utc_now() - timedelta(hours=2)
    token = sign_token(state.keyring, user["id"], target.books.tenant.replace("-", ""), then, timedelta(hours=1))
    for accept in (GRAPHQL, JSON, STREAM):
        async with target.unharmed(caplog):
            response = await target.front.post(
                "{ viewer { roles } }", headers={"Authorization": f"Bearer {token}"}, accept=accept
            )
        assert (response.status_code, codes_of(told(response))) == (401, {"UNAUTHENTICATED"})


@pytest.mark.parametrize(
    "body", [DEEP, DIGITS, gzip.compress(QUERY, mtime=0), b"\xef\xbb\xbf" + QUERY, QUERY[:-1], QUERY * 2, b"\0" * 64]
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_body_that_is_no_json_of_ours_is_refused(
    target: Target, caplog: pytest.LogCaptureFixture, body: bytes, accept: str
) -> None:
    async with target.unharmed(caplog):
        fields = {"Content-Type": JSON, "Accept": accept, **target.bearer}
        response = await target.front.client.post("/graphql", content=body, headers=fields)
    assert (response.status_code, codes_of(told(response))) == (400, {"BAD_REQUEST"})


def head(*lines: str, start: str = "POST /graphql HTTP/1.1") -> bytes:
    return "\r\n".join((start, "Host: x", "Content-Type: application/json", *lines, "", "")).encode()


LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = head("Transfer-Encoding: chunked")
MEGABYTES = b"%x\r\n%s\r\n" % (65_536, b" " * 65_536)
RAW: dict[str, tuple[tuple[bytes, ...], int]] = {
    "a TLS handshake": ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",), 400),
    "an HTTP/2 preface": ((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",), 400),
    "an unknown method": ((b"BREW /graphql HTTP/1.1\r\nHost: x\r\n\r\n",), 400),
    "NUL in a header": ((b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",), 400),
    "two lengths": ((head("Content-Length: 1", "Content-Length: 2"), b"{}"), 400),
    "a negative length": ((head("Content-Length: -1"),), 400),
    "a length that is no number": ((head("Content-Length: 0x10"),), 400),
    "a length and chunks": (
        (head("Content-Length: 4", "Transfer-Encoding: chunked"), b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        400,
    ),
    "a chunk that is none": ((CHUNKED, b"zz\r\n"), 400),
    "two megabytes by their length": ((head("Content-Length: 2000000"), b"{"), 413),
    "two megabytes in chunks": ((CHUNKED, *(MEGABYTES,) * 32), 413),
    "exabytes": ((head("Content-Length: 1152921504606846976"), b"{"), 413),
    "half a request and the end": ((head("Content-Length: 50"), b"{"), 0),
    "half a head": ((b"POST /graphql HTTP/1.1\r\nHost:",), 0),
    "a body with GET": ((head(f"Content-Length: {len(QUERY)}", start="GET /graphql HTTP/1.1"), QUERY), 400),
    "a websocket": (
        (
            head(
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", start="GET /graphql HTTP/1.1"
            ),
        ),
        400,
    ),
    "an address with a bad escape": ((b"GET /%ff%00%zz HTTP/1.1\r\nHost: x\r\n\r\n",), 404),
    "a way out of a folder": (
        (b"GET /graphiql/assets/..%2f..%2f..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",),
        404,
    ),
    "another host's address": ((b"GET http://evil.example/nope HTTP/1.1\r\nHost: evil.example\r\n\r\n",), 404),
    "a host that is none": ((b"GET /health/live HTTP/1.1\r\nHost: a b:c/d?\r\n\r\n",), 200),
    "an address beyond the limit": ((b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",), 414),
}


@pytest.mark.parametrize("name", RAW)
async def test_bytes_that_are_no_good_request_do_no_harm(
    target: Target, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    pieces, status = RAW[name]
    patience = 0.3 if status == 0 else 5
    async with target.unharmed(caplog, lines=2 if name == "a chunk that is none" else 1):  # uvicorn says so too
        answer = (await target.send_raw(*pieces, patience=patience)).decode()
        await asyncio.sleep(0.02)
    assert (answer == "") if status == 0 else answer.startswith(f"HTTP/1.1 {status} "), answer
    assert "Traceback" not in answer
    assert "evil" not in answer


async def test_garbage_behind_a_good_request_ends_only_its_own_connection(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    async with target.unharmed(caplog, lines=2):
        answer = await target.send_raw(LIVE, LIVE, b"NONSENSE\r\n\r\n" + LIVE)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b"HTTP/1.1 ") == 3
    assert b"HTTP/1.1 400 " in answer


async def test_a_body_that_trickles_in_is_not_waited_for(
    target: Target, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.body.BODY_SECONDS", 0.2)
    async with target.unharmed(caplog):
        answer = await target.send_raw(head("Content-Length: 100"), *(b"{",) * 10)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"BAD_REQUEST"' in answer


async def test_others_are_answered_in_time_beside_hostile_clients(target: Target) -> None:
    async def annoy() -> None:
        for body in (DEEP, DIGITS, b"x" * 900_000, json.dumps({"query": "{" * 9_000}).encode()):
            fields = {"Content-Type": JSON, **target.bearer}
            assert (await target.front.client.post("/graphql", content=body, headers=fields)).status_code < 500

    hostile = [asyncio.create_task(annoy()) for _ in range(8)]
    slowest = 0.0
    while not all(task.done() for task in hostile):
        began = time.perf_counter()
        assert (await target.front.client.get("/health/live")).status_code == 200
        slowest = max(slowest, time.perf_counter() - began)
    await asyncio.gather(*hostile)
    assert slowest < 5
