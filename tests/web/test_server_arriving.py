"""What arrives at the server: heads that never end, fields behind bodies, and what is no request at all."""

import asyncio
import json
from contextlib import suppress

import pytest

from tests.support.server import STREAM, Front
from tests.support.shop import Shop

WHO = b'{"query": "{ viewer { tenant { slug } } }"}'
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
WATCH = "/graphql?query=subscription%7BorderEvents%7Bid%7D%7D"
NONSENSE = b"NONSENSE\r\n\r\n"


class Line:
    """A connection of the test's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def open(cls, front: Front) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", front.port))

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        try:
            async with asyncio.timeout(60):
                return await self._reader.read()
        finally:
            await self.close()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def until(self, end: bytes) -> bytes:
        async with asyncio.timeout(60):
            return await self._reader.readuntil(end)


async def posted(front: Front, *lines: str) -> bytes:
    """The head of an operation by the viewer."""
    (bearer,) = (await front.bearer("viewer")).values()
    fields = ("Host: x", "Content-Type: application/json", f"Authorization: {bearer}", *lines)
    return "\r\n".join(("POST /graphql HTTP/1.1", *fields, "", "")).encode()


def told(answer: bytes) -> tuple[bytes, str]:
    """Status line and code of a refusal, which names itself as its header does."""
    head, _, body = answer.partition(b"\r\n\r\n")
    (error,) = json.loads(body)["errors"]
    assert f"x-request-id: {error['extensions']['requestId']}".encode() in head
    return head.partition(b"\r\n")[0], error["extensions"]["code"]


@pytest.mark.parametrize("sent", [b"P", b"POST /graphql HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_come_to_its_end_is_refused(
    front: Front, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("web.protocol.HEAD_SECONDS", 0.1)
    line = await Line.open(front)
    line.writer.write(sent)
    assert told(await line.rest()) == (b"HTTP/1.1 408 Request Timeout", "BAD_REQUEST")


async def test_who_says_nothing_is_hung_up_on(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.protocol.HEAD_SECONDS", 0.1)
    assert await (await Line.open(front)).rest() == b""


async def test_a_second_head_has_its_own_time(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.protocol.HEAD_SECONDS", 1.0)
    line = await Line.open(front)
    line.writer.write(LIVE)
    await line.until(b"}")
    for _ in range(2):
        line.writer.write(LIVE[:30])
        await asyncio.sleep(0.6)
        line.writer.write(LIVE[30:])
        assert b" 200 OK" in await line.until(b"}")
    line.writer.write(LIVE[:30])
    assert told(await line.rest())[1] == "BAD_REQUEST"


async def test_the_rest_of_a_body_that_was_refused_is_not_waited_for(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.protocol.HEAD_SECONDS", 0.1)
    line = await Line.open(front)
    line.writer.write(await posted(front, "Content-Length: 2000000"))
    assert b" 413 " in await line.until(b"}]}")
    line.writer.write(b"x")
    assert await line.rest() == b""


async def test_what_is_no_request_is_refused_with_a_code(front: Front) -> None:
    line = await Line.open(front)
    line.writer.write(NONSENSE)
    assert told(await line.rest()) == (b"HTTP/1.1 400 Bad Request", "BAD_REQUEST")


async def test_nonsense_behind_a_request_never_comes_before_its_answer(front: Front) -> None:
    line = await Line.open(front)
    line.writer.write(await posted(front, f"Content-Length: {len(WHO)}") + WHO + NONSENSE)
    answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b'{"slug":"acme"}}}}')


async def test_nonsense_and_half_a_head_behind_a_stream_are_not_told_in_its_midst(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.protocol.HEAD_SECONDS", 0.1)
    shop = await Shop.open(front.client, await front.bearer("manager"))
    (bearer,) = (await front.bearer("viewer")).values()
    for sent in (NONSENSE, LIVE[:30]):
        line = await Line.open(front)
        line.writer.write(
            f"GET {WATCH} HTTP/1.1\r\nHost: x\r\nAccept: {STREAM}\r\nAuthorization: {bearer}\r\n\r\n".encode()
        )
        await line.until(b"\nid: ")
        line.writer.write(sent)
        await asyncio.sleep(0.2)
        order = await shop.create("seen")
        between = await line.until(order.encode())
        assert b"HTTP/1.1" not in between
        await line.close()


@pytest.mark.parametrize("split", [0, 10, 200])
async def test_a_body_beside_an_upgrade_that_is_not_offered_is_read(front: Front, split: int) -> None:
    """Java's HttpClient asks for HTTP/2 like that, with whatever it sends."""
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk")
    whole = await posted(front, f"Content-Length: {len(WHO)}", *upgrade) + WHO
    line = await Line.open(front)
    line.writer.write(whole[: len(whole) - split])
    await asyncio.sleep(0.02)
    line.writer.write(whole[len(whole) - split :] + LIVE)
    assert b" 200 OK" in await line.until(b'{"slug":"acme"}}}}')
    assert b" 200 OK" in await line.until(b"}")
    await line.close()


async def test_a_tunnel_is_refused(front: Front) -> None:
    line = await Line.open(front)
    line.writer.write(b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n" + LIVE)
    assert told(await line.rest()) == (b"HTTP/1.1 400 Bad Request", "BAD_REQUEST")


async def test_a_field_behind_the_body_is_no_field_of_the_request(front: Front) -> None:
    line = await Line.open(front)
    chunks = b"%x\r\n%s\r\n0\r\nX-Tenant: globex\r\nX-Request-Id: spoken\r\n\r\n" % (len(WHO), WHO)
    line.writer.write(await posted(front, "Transfer-Encoding: chunked", "Connection: close") + chunks)
    answer = await line.rest()
    assert answer.endswith(b'{"slug":"acme"}}}}')
    assert b"spoken" not in answer
