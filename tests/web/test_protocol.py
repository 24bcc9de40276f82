"""The protocol: what it does by itself is what uvicorn's would do, and what belongs to a connection ends with it."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context
from operator import itemgetter

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from web.protocol import BoundedProtocol
from web.sse.wires import WIRE

HEADS = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a%20b%2f?c=%20d&e HTTP/1.1\r\nHost: x\r\nX-Odd: \xff\r\n\r\n",
    b"HEAD /a? HTTP/1.0\r\n\r\n",
    b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET http://elsewhere.example/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
]


class Line(asyncio.Transport):
    """A connection without a network."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 4_711), "sockname": ("192.0.2.2", 80)})
        self.sent, self.closed = b"", False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Clock:
    """A protocol's loop, whose time goes by when it is told to; what it is to do at once the true one does."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._now = loop, 0.0
        self._due: list[tuple[float, asyncio.TimerHandle]] = []

    @classmethod
    def of(cls, protocol: HttpToolsProtocol) -> "Clock":
        clock = cls(protocol.loop)
        protocol.loop = clock  # type: ignore[assignment]  # all that it asks of one
        return clock

    def time(self) -> float:
        return self._now

    def call_later(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self._now + seconds, then, (), self._loop)
        self._due.append((self._now + seconds, handle))
        return handle

    def create_task(self, work: Coroutine[object, object, None], context: Context) -> "asyncio.Task[None]":
        return self._loop.create_task(work, context=context)

    def advance(self, seconds: float) -> None:
        until = self._now + seconds
        while self._due and (soonest := min(self._due, key=itemgetter(0)))[0] <= until:
            self._due.remove(soonest)
            self._now = soonest[0]
            if not soonest[1].cancelled():
                soonest[1]._run()
        self._now = until


class Answers:
    """An application that keeps what it was asked, and answers when it may."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.may = asyncio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await self.may.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


def connected(app: Answers, kind: type[HttpToolsProtocol] = BoundedProtocol) -> tuple[HttpToolsProtocol, Line]:
    config = uvicorn.Config(app, timeout_keep_alive=5, access_log=False)
    protocol, line = kind(config, ServerState(), {"kept": 1}), Line()
    protocol.connection_made(line)
    return protocol, line


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def told(cycle: RequestResponseCycle, names: Iterable[str]) -> dict[str, object]:
    """What it says of a request that begins: values as they are, of all else the kind."""
    values = {name: getattr(cycle, name) for name in names}
    plain = (bool, int, bytearray, type(None))
    return {name: value if isinstance(value, plain) else type(value) for name, value in values.items()}


@pytest.mark.parametrize("head", HEADS)
async def test_a_request_is_told_as_uvicorn_tells_it(head: bytes) -> None:
    app = Answers()
    theirs, _ = connected(app, HttpToolsProtocol)
    ours, _ = connected(app)
    for protocol in (theirs, ours):
        protocol.data_received(head)
        await turns()
    names = vars(theirs.cycle).keys() - {"access_logger"}  # nothing is written to it
    assert told(ours.cycle, names) == told(theirs.cycle, names)
    expected, given = app.scopes
    assert {name: value for name, value in given.items() if name != "extensions"} == expected
    app.may.set()
    await turns()


async def test_an_address_without_a_path_is_no_request_for_either() -> None:
    app = Answers()
    for kind in (HttpToolsProtocol, BoundedProtocol):
        protocol, line = connected(app, kind)
        protocol.data_received(b"GET http://elsewhere.example HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.sent.startswith(b"HTTP/1.1 400 ")
        assert line.closed
    assert not app.scopes


async def test_another_address_on_the_same_connection_is_another_one() -> None:
    app = Answers()
    app.may.set()
    protocol, _ = connected(app)
    for path in (b"/a", b"/b?c", b"/b", b"/a"):
        protocol.data_received(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        await turns()
    assert [(scope["path"], scope["query_string"]) for scope in app.scopes] == [
        ("/a", b""),
        ("/b", b"c"),
        ("/b", b""),
        ("/a", b""),
    ]


async def test_a_connection_is_kept_for_as_long_after_each_answer_and_never_closed_during_one() -> None:
    app = Answers()
    protocol, line = connected(app)
    clock = Clock.of(protocol)
    app.may.set()
    for _ in range(3):
        protocol.data_received(HEADS[0])
        await turns()
        clock.advance(3)
        assert not line.closed, "the timer of the one before is no longer of importance"
    app.may.clear()
    protocol.data_received(HEADS[0])
    await turns()
    clock.advance(60)
    assert not line.closed
    app.may.set()
    await turns()
    clock.advance(4)
    assert not line.closed
    clock.advance(2)
    assert line.closed


@pytest.mark.parametrize("pieces", [(4.9,), (1, 5), (4.9, 5)])
async def test_a_connection_is_idle_from_when_the_end_of_a_body_came_after_the_answer(
    pieces: tuple[float, ...],
) -> None:
    app = Answers()
    protocol, line = connected(app)
    clock = Clock.of(protocol)
    app.may.set()
    protocol.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(pieces))
    await turns()
    assert b"200 OK" in line.sent
    for seconds in pieces:
        clock.advance(seconds)
        protocol.data_received(b"x")
    clock.advance(4.9)
    assert not line.closed
    clock.advance(0.2)
    assert line.closed


async def test_requests_that_come_at_once_are_answered_one_after_the_other_each_by_its_own_wire() -> None:
    app = Answers()
    protocol, line = connected(app)
    protocol.data_received(HEADS[0] + HEADS[1])
    await turns()
    (first,) = app.scopes
    wire = first["extensions"][WIRE]["call"]()
    assert wire._cycle.scope is first
    app.may.set()
    await turns()
    assert line.sent.count(b"HTTP/1.1 200 OK") == 2
    assert [scope["path"] for scope in app.scopes] == ["/", "/a b/"]


async def test_a_connection_that_ended_leaves_no_rings_to_the_collector() -> None:
    app = Answers()
    app.may.set()
    gc.collect()
    gc.disable()
    try:
        protocol, _ = connected(app)
        protocol.data_received(HEADS[0])
        await turns()
        protocol.connection_lost(None)
        app.scopes.clear()
        left = weakref.ref(protocol)
        del protocol, _
        await turns()
        assert left() is None
    finally:
        gc.enable()
