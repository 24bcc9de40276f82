"""A direct wire: bytes of a response to the transport, without waking a task and without an await for each write."""

from collections.abc import Callable
from typing import Protocol

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Chunker:
    """HTTP's chunk around bytes. A group writes the same bytes to many connections, one after the other: what was
    framed last is kept, so that they share its bytes.
    """

    def __init__(self) -> None:
        self._data = self._chunk = b""

    def chunk(self, data: bytes) -> bytes:
        if data is not self._data:
            self._data, self._chunk = data, b"%x\r\n%b\r\n" % (len(data), data)
        return self._chunk


class Lines(Protocol):
    """What a protocol calls on the wire of its open response."""

    def resumed(self) -> None: ...
    def lost(self) -> None: ...


class DirectWire:
    """A wire (``web/sse/wires.py``) of uvicorn's HTTP/1.1 protocol. ``release`` undoes what ``attach`` did."""

    __slots__ = ("_attach", "_chunk", "_cycle", "_gone", "_room")

    def __init__(self, cycle: RequestResponseCycle, chunker: Chunker, attach: Callable[[Lines | None], None]) -> None:
        self._cycle = cycle
        self._chunk = chunker.chunk
        self._attach = attach
        self._room: Callable[[], None] = _nobody_listens
        self._gone: Callable[[], None] = _nobody_listens

    def open(self, room: Callable[[], None], gone: Callable[[], None]) -> None:
        self._room, self._gone = room, gone
        self._attach(self)
        if self._cycle.disconnected:
            gone()

    def write(self, data: bytes) -> bool:
        cycle = self._cycle
        if cycle.disconnected:
            return True
        cycle.transport.write(self._chunk(data) if cycle.chunked_encoding else data)
        return not cycle.flow.write_paused

    def queued(self) -> int:
        return self._cycle.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """The protocol's own ``send`` waits for it."""

    def abort(self) -> None:
        self._cycle.transport.abort()

    async def aclose(self) -> None:
        self._room = self._gone = _nobody_listens
        self._attach(None)

    def resumed(self) -> None:
        """The client has taken what waited for it."""
        self._room()

    def lost(self) -> None:
        """The connection is no more."""
        self._gone()


def _nobody_listens() -> None:
    pass
