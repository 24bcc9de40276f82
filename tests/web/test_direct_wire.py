"""Bytes to a transport: framed once for all who get the same, and told when there is room."""

import asyncio

from tests.support.server import STREAM, Front
from web.direct_wire import Chunker


def test_equal_bytes_are_framed_once_and_shared() -> None:
    chunker, data, other = Chunker(), b"x" * 300, b"y" * 20
    chunk = chunker.chunk(data)
    assert chunk == b"12c\r\n" + data + b"\r\n"
    assert chunker.chunk(data) is chunk
    assert chunker.chunk(other) == b"14\r\n" + other + b"\r\n"
    assert chunker.chunk(data) == chunk


async def test_a_stream_is_whole_chunks_and_its_connection_serves_on_after_it(front: Front) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    body = b'{"query":"subscription { orderEvents(after: \\"bad\\") { id } }"}'
    head = f"Host: x\r\nAuthorization: Bearer {await front.token()}\r\nAccept: {STREAM}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    async with asyncio.timeout(60):
        for _ in range(2):
            writer.write(b"POST /graphql HTTP/1.1\r\n" + head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b"transfer-encoding: chunked\r\n" in answer
            told = b""
            while size := int(await reader.readline(), 16):
                told += (await reader.readexactly(size + 2))[:-2]
            assert await reader.readline() == b"\r\n"
            assert told.startswith(b":\n\nretry: 1000\n\n")
            assert b'"BAD_USER_INPUT"' in told
            assert told.endswith(b"event: complete\ndata:\n\n")
    writer.close()
    await writer.wait_closed()
