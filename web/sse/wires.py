"""The way from an outlet to its client: bytes in, and word of when there is room for more."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from db.tasks import end

WIRE = "tidegate.wire"
"""The server's extension that opens a direct wire: ``scope["extensions"][WIRE]["call"]()`` (``web/direct_wire.py``)."""


class Wire(Protocol):
    """One open response's body."""

    def open(self, room: Callable[[], None], gone: Callable[[], None]) -> None:
        """From now on tell ``room`` when there is room again after a write answered False, and ``gone`` when the client
        is.
        """

    def write(self, data: bytes) -> bool:
        """Send the bytes; False: there is no room for more until ``room`` is called. To a client that is gone nothing
        is sent.
        """

    def queued(self) -> int:
        """Bytes that wait for the client, as far as is known."""

    async def drain(self) -> None:
        """Wait until all that was written is on its way."""

    def abort(self) -> None:
        """Cut the connection off, where the server can: closing in good order would wait for a client that takes
        nothing.
        """

    async def aclose(self) -> None:
        """Nothing is written any more."""


class SendWire:
    """The way of every ASGI server: one write at a time, by a task of its own."""

    def __init__(self, receive: Receive, send: Send, abort: Callable[[], None]) -> None:
        self._receive = receive
        self._send = send
        self._abort = abort
        self._data = b""
        self._sending = 0
        self._given, self._sent = asyncio.Event(), asyncio.Event()
        self._room: Callable[[], None] = lambda: None
        self._gone: Callable[[], None] = lambda: None
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, room: Callable[[], None], gone: Callable[[], None]) -> None:
        self._room, self._gone = room, gone
        self._tasks = [asyncio.create_task(self._carry()), asyncio.create_task(self._watch())]

    def write(self, data: bytes) -> bool:
        self._data += data
        self._given.set()
        return False

    def queued(self) -> int:
        return len(self._data) + self._sending

    async def drain(self) -> None:
        while self.queued():
            self._sent.clear()
            await self._sent.wait()

    def abort(self) -> None:
        self._abort()

    async def aclose(self) -> None:
        await end(*self._tasks)

    async def _carry(self) -> None:
        while True:
            await self._given.wait()
            self._given.clear()
            data, self._data = self._data, b""
            self._sending = len(data)
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
            self._sending = 0
            if self._data:
                continue
            self._sent.set()
            self._room()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone()


def wire_of(scope: Scope, receive: Receive, send: Send, abort: Callable[[], None]) -> Wire:
    """The server's direct wire, else one by ``send``."""
    extension = scope.get("extensions", {}).get(WIRE)
    if extension is not None:
        wire: Wire = extension["call"]()
        return wire
    return SendWire(receive, send, abort)
