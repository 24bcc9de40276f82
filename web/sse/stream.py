"""The response that carries one operation's stream, from its first byte to whatever ends it.

Theory of operation
- Two tasks write: the *pump* takes a result, writes it, and only then asks for the next one (so a slow client holds
  up its own stream and nothing else); the *keeper* (the request's own task) pings when nothing was written for a
  while. Each write is one whole frame, so they never mix.
- A ping carries the cursor only when the pump has nothing in hand: an id that overtook its frame would lose it.
- Four things end a stream, and each frees all of it: its source ends (``complete`` is sent), the client is gone, the
  client takes nothing for ``SEND_SECONDS``, the server drains. A drained stream gets its last chunk and no
  ``complete``: after one, clients never come back; without one, they resume.
- A client that is gone shows in ``receive`` or nowhere: a write to a closed connection is silent under uvicorn.
- A stalled client is cut off by the server's own means (``web/server.py``), where it has them: closing in good order
  would wait for the client to read what it does not read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from web.sse.messages import COMPLETE, OPENING, next_event, ping

SEND_SECONDS = 30.0
"""How long one frame may wait for a client to take what was written before it."""
FIRST_LOOK_SECONDS = 0.05
"""When the source is first asked where it begins; then after twice as long, and so on."""
ABORT = "tidegate.abort"
"""The server's extension that cuts a connection off: ``scope["extensions"][ABORT]["call"]``."""
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),  # under no-cache Chromium lets identical streams share one response
    (b"vary", b"Accept, Authorization, Cookie, X-Tenant"),
    (b"x-accel-buffering", b"no"),
)


class Stalled(Exception):
    """The client takes nothing."""


class StreamFrame(Protocol):
    """One result; ``cursor`` resumes after it."""

    @property
    def payload(self) -> bytes: ...
    @property
    def cursor(self) -> str | None: ...


class FrameSource(Protocol):
    """Where frames come from; ``cursor`` is the newest position that is done with, frame or not."""

    @property
    def cursor(self) -> str | None: ...
    def __aiter__(self) -> AsyncIterator[StreamFrame]: ...
    async def aclose(self) -> None: ...


class Gauge(Protocol):
    """Counts what is open."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


class StreamResponse:
    """An ASGI application for one stream. It closes ``source``, however it ends."""

    def __init__(
        self,
        source: FrameSource,
        *,
        ping_seconds: float,
        draining: asyncio.Event,
        gauge: Gauge,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._source = source
        self._ping_seconds = ping_seconds
        self._draining = draining
        self._gauge = gauge
        self._send_seconds = send_seconds
        self._now = asyncio.get_running_loop().time
        self._written = self._now()
        self._in_hand = False
        self._told: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._gauge.inc()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await self._write(send, OPENING)
            await self._carry(receive, send)
        except Stalled:
            _abort_of(scope)()
        finally:
            await self._source.aclose()
            self._gauge.dec()

    async def _carry(self, receive: Receive, send: Send) -> None:
        pump = asyncio.create_task(self._pump(send))
        gone = asyncio.create_task(_until_gone(receive))
        drained = asyncio.create_task(_until(self._draining))
        try:
            await self._keep(send, (pump, gone, drained))
            over = pump.done()
            if over:
                pump.result()
            await _stop(pump)  # what it has in hand stays unwritten: the client asks for it again
            if not gone.done():
                await self._write(send, COMPLETE if over else b"", more=False)
        finally:
            await _stop(pump, gone, drained)

    async def _pump(self, send: Send) -> None:
        async for frame in self._source:
            self._in_hand = True
            await self._write(send, next_event(frame.payload, frame.cursor))
            self._told = frame.cursor or self._told
            self._in_hand = False

    async def _keep(self, send: Send, tasks: tuple[asyncio.Task[None], ...]) -> None:
        """Ping until one of the tasks is over. The first cursor is told as soon as there is one: a client that drops
        before any event must know where it was.
        """
        look = FIRST_LOOK_SECONDS
        while True:
            due = self._written + self._ping_seconds - self._now()
            first = self._told is None and self._source.cursor is not None
            if (due <= 0 or first) and not self._in_hand:
                await self._write(send, ping(self._moved()))
                continue
            wait = due if due > 0 else self._ping_seconds
            if self._told is None:
                wait, look = min(wait, look), look * 2
            done, _ = await asyncio.wait(tasks, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return

    def _moved(self) -> str | None:
        """The cursor, if the client has not been told it yet."""
        cursor = self._source.cursor
        if cursor == self._told:
            return None
        self._told = cursor
        return cursor

    async def _write(self, send: Send, data: bytes, *, more: bool = True) -> None:
        """Raises Stalled."""
        try:
            async with asyncio.timeout(self._send_seconds):
                await send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise Stalled from None
        self._written = self._now()


async def _stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _abort_of(scope: Scope) -> Callable[[], None]:
    """The server's way to cut the connection off; nothing where it has none: then it closes in good order."""
    extension = scope.get("extensions", {}).get(ABORT, {})
    abort: Callable[[], None] = extension.get("call", lambda: None)
    return abort
