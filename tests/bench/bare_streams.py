"""The limit: a program that only writes the bytes that it is given to every socket, in one loop, and knows no HTTP.

``GET`` or ``POST /graphql…`` leaves the connection open as an event stream; ``POST /tick`` writes its body to every
such connection as it is. No application, no task, no database, no token: what is left is the system call.
"""

import asyncio
import socket
from typing import cast

from tests.bench.serve import run_fast

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
OPENING = b":\n\nid: 0\n:\n\n"
_TICKED = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


def chunk(data: bytes) -> bytes:
    """As HTTP/1.1 sends a piece of a body whose length is not known."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class _Connection(asyncio.Protocol):
    def __init__(self, listeners: set[asyncio.Transport]) -> None:
        self._listeners = listeners
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        if not end or len(body) < (length := _length_of(head)):
            return
        self._received = body[length:]
        self._answer(head.split(b" ", 2)[1], body[:length])

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._listeners.discard(self._transport)

    def _answer(self, path: bytes, body: bytes) -> None:
        assert self._transport is not None
        if path.startswith(b"/graphql"):
            self._transport.write(_HEAD + chunk(OPENING))
            self._listeners.add(self._transport)
            return
        if path == b"/tick":
            for listener in self._listeners:
                listener.write(body)
        self._transport.write(_TICKED)


def _length_of(head: bytes) -> int:
    lowered = head.lower()
    place = lowered.find(_LENGTH)
    return int(lowered[place + len(_LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0


async def _serve(listener: socket.socket) -> None:
    listeners: set[asyncio.Transport] = set()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(listeners), sock=listener, backlog=2048)
    await server.serve_forever()


def serve(_: str, listener: socket.socket) -> None:
    """On a socket that the caller bound, until a signal ends the process; it needs no database."""
    run_fast(_serve(listener))
