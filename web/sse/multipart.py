"""Multipart subscriptions, as Apollo's clients ask for them: ``multipart/mixed;subscriptionSpec=1.0``. No I/O.

The same stream in another dress: what an outlet writes as events goes out as parts, so that groups, pings, bounds and
drains are the event stream's.

| event | part |
|---|---|
| ``next`` | ``{"payload": …}``; the cursor is in the payload's ``extensions`` |
| a comment | ``{}``, which clients pass over |
| ``retry``, before the server goes down | ``{"payload": null, "errors": […]}`` with the code DRAINING, and the end |
| ``complete`` | the end: the closing delimiter |

A stream that is to be resumed is broken off without the closing delimiter, which clients take for the error that it is.
A part is followed by its delimiter at once: a client that waits for it has the part.
"""

from collections.abc import Callable

import orjson

from schema.errors import CODES
from web.sse.messages import OPENING
from web.sse.stream import HEADERS, StreamResponse
from web.sse.wires import Wire

CONTENT_TYPE = b'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'
_DELIMITER = b"\r\n--graphql"
_HEAD = b"\r\nContent-Type: application/json\r\n\r\n"
END = b"--\r\n"


def parts_of(events: bytes) -> bytes:
    """The parts that stand for whole events."""
    if events == OPENING:
        return _DELIMITER + _part(b"{}")
    return b"".join(map(_part_of, events.split(b"\n\n")[:-1]))


class MultipartWire:
    """A wire (``web/sse/wires.py``) for an outlet that writes events. Members of a group are written the same bytes,
    one after the other: what was made last is kept for all.
    """

    __slots__ = ("_wire",)
    _last: tuple[bytes, bytes] = b"", b""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def open(self, room: Callable[[], None], gone: Callable[[], None]) -> None:
        self._wire.open(room, gone)

    def write(self, data: bytes) -> bool:
        known, parts = MultipartWire._last
        if data is not known:
            parts = parts_of(data)
            MultipartWire._last = data, parts
        return self._wire.write(parts)

    def queued(self) -> int:
        return self._wire.queued()

    async def drain(self) -> None:
        await self._wire.drain()

    def abort(self) -> None:
        self._wire.abort()

    async def aclose(self) -> None:
        await self._wire.aclose()


class MultipartResponse(StreamResponse):
    """A stream's response in parts."""

    fields = ((b"content-type", CONTENT_TYPE), *(field for field in HEADERS if field[0] != b"content-type"))

    def dressed(self, wire: Wire) -> Wire:
        return MultipartWire(wire)


def _part(body: bytes) -> bytes:
    return _HEAD + body + _DELIMITER


def _part_of(event: bytes) -> bytes:
    fields = dict(line.partition(b": ")[::2] for line in event.split(b"\n"))
    if fields.get(b"event") == b"next":
        return _part(b'{"payload":%s}' % fields[b"data"])
    if fields.get(b"event") == b"complete":
        return END
    if b"retry" in fields:
        return _part(_goodbye(int(fields[b"retry"]), fields.get(b"id"))) + END
    return _part(b"{}")


def _goodbye(milliseconds: int, cursor: bytes | None) -> bytes:
    told = {"code": "DRAINING", "retryMilliseconds": milliseconds, "cursor": cursor and cursor.decode()}
    return orjson.dumps({"payload": None, "errors": [{"message": CODES["DRAINING"], "extensions": told}]})
