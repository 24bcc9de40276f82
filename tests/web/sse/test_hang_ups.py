"""A client that goes, however it does, frees its stream: nobody waits for it, and it holds no place."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable

import pytest

from tests.support.server import Front
from tests.support.single import PATH, reserved
from tests.support.waiting import until
from tests.web.sse.test_slow_readers import head

WATCH = "subscription { orderEvents { id } }"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
Writer = asyncio.StreamWriter


def reset(writer: Writer) -> None:
    """As a process that dies."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


def close(writer: Writer) -> None:
    """In good order."""
    writer.close()


def close_behind(sent: bytes) -> Callable[[Writer], None]:
    """In good order, behind something that the server does not read while the stream is open."""

    def leave(writer: Writer) -> None:
        writer.write(sent)
        writer.close()

    return leave


WAYS: dict[str, Callable[[Writer], None]] = {
    "in good order": close,
    "reset": reset,
    "behind another request": close_behind(LIVE),
    "behind many": close_behind(LIVE * 200),
    "behind half a request": close_behind(LIVE[:20]),
    "behind nonsense": close_behind(b"\0" * 100),
}


async def check_freed(front: Front, request: bytes, leave: Callable[[Writer], None]) -> None:
    """A stream opens by that request, and is gone when its client is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(request)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    await until(lambda: front.open_streams == 1)
    leave(writer)
    await until(lambda: not front.open_streams)
    assert not front.app.state.gateway.groups.members
    assert not front.app.state.entrance._taken


@pytest.mark.parametrize("way", WAYS)
async def test_a_stream_is_freed_however_its_client_goes(front: Front, way: str) -> None:
    await until(lambda: not front.open_streams)
    body = json.dumps({"query": WATCH}).encode()
    request = head("POST /graphql HTTP/1.1", await front.bearer("viewer"), body)
    await check_freed(front, request, WAYS[way])


async def test_a_reserved_stream_is_freed_when_it_was_opened_with_a_body_that_nobody_reads(front: Front) -> None:
    await until(lambda: not front.open_streams)
    single = await reserved(front)
    await check_freed(front, head(f"POST {PATH} HTTP/1.1", single.fields, b" " * 400_000), close)
    assert not front.app.state.single_streams._open
