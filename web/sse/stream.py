"""The response that carries an outlet, from its first byte to whatever ends it.

A client may act as soon as it sees the answer, and what it does then it is told: so the answer begins when it is known
where the stream does.

An outlet ends because its operation does (``complete`` is sent), because the client is gone or takes nothing for
``send_seconds``, because the server drains, or because somebody ends it; each frees all of it. A stream that shall be
resumed gets its last chunk and no ``complete``: after one, clients never come back. A stalled client is cut off by the
server's own means, where it has them.
"""

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from schema.live.frames import Ending, EndReason
from web.refusals import Refusal
from web.sse.messages import retry
from web.sse.outlet import Outlet
from web.sse.streams import Streams
from web.sse.wires import Wire, wire_of

ABORT = "tidegate.abort"
"""The server's extension that cuts a connection off: ``scope["extensions"][ABORT]["call"]``."""
OPEN_SECONDS = 1.0
"""How long the answer waits for the place in the log where it begins, while the database does not tell it."""
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),  # under no-cache Chromium lets identical streams share one response
    (b"vary", b"Accept, Authorization, Cookie, X-Tenant"),
    (b"x-accel-buffering", b"no"),
)

LATER = frozenset({"DRAINING", "STREAM_LIMIT", "OVERLOADED", "RATE_LIMITED", "OPERATION_TIMEOUT"})
"""Refusals that pass: an EventSource is sent away by ``send_later``."""


class StreamResponse:
    """An ASGI application for one stream. It closes the outlet, however it ends."""

    fields: tuple[tuple[bytes, bytes], ...] = HEADERS

    def __init__(self, outlet: Outlet, streams: Streams, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self._outlet = outlet
        self._streams = streams
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outlet, streams = self._outlet, self._streams
        abort = _abort_of(scope)
        streams.enter(outlet)
        try:
            await outlet.placed(OPEN_SECONDS)
            await send({"type": "http.response.start", "status": 200, "headers": [*self.fields, *self._headers]})
            wire = self.dressed(wire_of(scope, receive, send, abort))
            with streams.answering():
                outlet.attach(wire)
                await self._finish(await outlet.over, wire, send)
        finally:
            await outlet.aclose()
            streams.leave(outlet)

    def dressed(self, wire: Wire) -> Wire:
        """The wire as the outlet writes to it."""
        return wire

    async def _finish(self, ending: Ending, wire: Wire, send: Send) -> None:
        if ending.reason is EndReason.CLIENT_GONE:
            return
        if ending.reason is EndReason.STALLED:
            wire.abort()
            return
        try:
            async with asyncio.timeout(self._streams.last_seconds(ending)):
                await wire.drain()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            wire.abort()


def _abort_of(scope: Scope) -> Callable[[], None]:
    """The server's way to cut the connection off; nothing where it has none: then it closes in good order."""
    extension = scope.get("extensions", {}).get(ABORT, {})
    abort: Callable[[], None] = extension.get("call", lambda: None)
    return abort


async def send_later(send: Send, refusal: Refusal) -> None:
    """To an EventSource, which gives up for good on any status but 200: come back later, without a word in between."""
    seconds = int(dict(refusal.headers).get(b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
    await send({"type": "http.response.body", "body": b":%s\n\n" % refusal.code.encode() + retry(seconds * 1000)})
