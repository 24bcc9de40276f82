"""The server that runs the application: uvicorn, told what it lacks by subclassing.

- It takes in connections many at a time, and streams are written directly (``web/direct_wire.py``).
- It tells streams to end *before* it waits for connections to close (uvicorn tells the application only afterwards,
  so that a stream would hold it up for ever).
- A signal ends it in good order and is not raised again: whoever started it goes on with its own cleaning up.
- A request's head is bounded while it arrives, in bytes and in time, and what is no request is refused in the form of
  every other refusal; never in the midst of an answer.
- A connection can be cut off, and the kernel buffers little for a client that does not read.
"""

import asyncio
import signal
import socket
import sys
from functools import partial
from types import FrameType
from weakref import ref

import orjson
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from db.ids import new_id
from web.acceptor import Acceptor
from web.direct_wire import Chunker, DirectWire, Lines
from web.hang_up import HANG_UP, HangUp
from web.responses import JSON, error_body
from web.settings import Settings
from web.sse.stream import ABORT
from web.sse.streams import Streams
from web.sse.wires import WIRE
from web.whole_answers import WholeAnswers

DRAIN_SECONDS = 10
"""How long requests may run on when the server stops."""
BACKLOG = 65_536
"""Connections that wait to be accepted: as many as the kernel allows, for whom it drops comes back ever more slowly."""
MAX_HEAD = 65_536
"""Bytes of a request's head, beyond which it is not even kept; what is smaller is refused with a coded error."""
HEAD_SECONDS = 10.0
"""How long a head may be on its way, or the rest of a body that nobody reads any more: who sends letter by letter would
keep the connection for ever.
"""
VANISHED_MILLISECONDS = 30_000
"""After so long without a sign that anything arrives a client is gone, its cable pulled; left alone the kernel waits
for a quarter of an hour, while its streams keep their places.
"""
SEND_BUFFER = 131_072
"""Bytes that the kernel keeps of what a client has not taken; left alone it takes up to 4 MB for each."""


class Server(uvicorn.Server):
    """uvicorn's server with an event that is set as soon as it is to stop."""

    def __init__(self, config: uvicorn.Config, draining: asyncio.Event) -> None:
        super().__init__(config)
        self._draining = draining
        self._loop: asyncio.AbstractEventLoop | None = None
        self._acceptor: Acceptor | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            listening = [sock.fileno() for server in self.servers for sock in server.sockets]
            self._acceptor = Acceptor(listening, self._protocol)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._draining.set()
        # Until the streams have ended the server answers as before, if only to say that it is not ready.
        streams: Streams = self.config.app.state.streams  # type: ignore[union-attr]  # the application, never its name
        await streams.drained()
        if self._acceptor is not None:
            self._acceptor.close()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes them for those that it accepts itself."""
        return BoundedProtocol(self.config, self.server_state, self.lifespan.state)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second Ctrl-C does not wait."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._draining.set)
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


class _Dropped(list[tuple[bytes, bytes]]):
    """Fields that come behind a body: they are no part of the head (RFC 9110, 6.5.1), where they could name another
    tenant or address than a proxy lets through, and nobody keeps them.
    """

    def append(self, _: tuple[bytes, bytes]) -> None:
        pass


_TRAILERS = _Dropped()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with a bounded head, a way to cut a connection off, whole answers in one write,
    and direct wires.
    """

    _in_head = True
    _head_bytes = 0
    _completed = False
    _deaf = False
    _piece = b""
    _arriving: asyncio.TimerHandle | None = None
    _lines: Lines | None = None
    _chunker = Chunker()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self._hang_up = HangUp()
        self._wait_for_the_rest()
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            # asyncio sets it only on sockets made with IPPROTO_TCP spelled out; without it the kernel holds
            # a small body back until the client has acknowledged the head, 40 ms later.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MILLISECONDS)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._completed, self._piece = False, data
        super().data_received(data)
        self._piece = b""
        if self._completed or self.parser is None:
            return
        # A piece that completes a message is body and end of that one: what it holds of a next head is not counted.
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self.send_400_response("The request's head is too large.")
            else:
                self._wait_for_the_rest()
        elif self.cycle and self.cycle.response_complete:  # there is none behind an address that cannot be read
            self._wait_for_the_rest()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request. Where an earlier one is still to be answered, that is done first and this never
        said: it would be read as that one's answer, or as part of it.
        """
        cycle = self.cycle
        if not cycle or cycle.response_complete or (cycle.more_body and not cycle.response_started):
            self._refuse(400, msg)
        elif cycle.more_body:
            self.transport.close()
        else:
            self._deaf, cycle.keep_alive = True, False

    def _refuse(self, status: int, text: str) -> None:
        """What the application sees nothing of is refused here, and the connection is closed."""
        request_id = new_id()
        body = orjson.dumps(error_body("BAD_REQUEST", text, request_id))
        fields = (b"content-length: %d" % len(body), b"connection: close", b"x-request-id: " + request_id.encode())
        head = (STATUS_LINE[status].rstrip(), b"content-type: " + JSON, b"cache-control: no-store", *fields)
        self.transport.write(b"\r\n".join((*head, b"", body)))
        self.transport.close()

    def _wait_for_the_rest(self) -> None:
        """Of a message of which a part has come, but not for ever."""
        if self._arriving is None:
            self._arriving = self.loop.call_later(HEAD_SECONDS, self._waited)

    def _waited(self) -> None:
        self._arriving = None
        if self.transport.is_closing() or (self.cycle and not self.cycle.response_complete):
            return  # whoever is being answered is waited for by the answer
        if self._in_head and self._head_bytes:
            self._refuse(408, f"The request's head did not arrive within {HEAD_SECONDS:g} s.")
        else:
            self.transport.close()

    def _arrived(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"call": self.transport.abort}, HANG_UP: {"call": self._hang_up}}

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_head = False
        self._arrived()
        super().on_headers_complete()
        self.headers = _TRAILERS
        # uvicorn makes its own kind, by name; nobody has used it yet.
        self.cycle.__class__ = WholeAnswers
        # The cycle holds its scope: held in turn, each request would be left to the collector of rings.
        self.scope["extensions"][WIRE] = {"call": partial(self._wire, ref(self.cycle))}

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_head, self._head_bytes, self._completed = True, 0, True
        self._arrived()
        super().on_message_complete()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._lines is not None:
            self._lines.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._arrived()
        self._hang_up.happen()
        if self._lines is not None:
            self._lines.lost()

    def _wire(self, cycle: ref[RequestResponseCycle]) -> DirectWire:
        """Of a request that is being answered: whoever answers it holds its cycle."""
        answering = cycle()
        if answering is None:
            raise RuntimeError("the request was answered already")
        return DirectWire(answering, self._chunker, self._attach)

    def _attach(self, lines: Lines | None) -> None:
        self._lines = lines

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade that is not offered is passed over (RFC 9110, 7.8), and anybody may ask for one: no news. The
        parser took what follows the head for another protocol's, so the request is read anew, as if nothing had been
        asked.
        """
        if (method := self.parser.get_method()) == b"CONNECT":
            self._refuse(400, "This server is no proxy.")
            return
        parsed = sys.exc_info()[1]  # by it the parser says how far it came
        rest = self._piece[parsed.args[0] :] if parsed is not None else b""
        version = self.parser.get_http_version().encode()
        fields = (name + b": " + value for name, value in self.headers if name != b"upgrade")
        head = b"\r\n".join((method + b" " + self.url + b" HTTP/" + version, *fields, b"", b""))
        self.parser = type(self.parser)(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.data_received(head + rest)


def configure(app: Starlette, settings: Settings) -> uvicorn.Config:
    """How uvicorn runs: our own log lines, no websockets, no word of what it is."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # it would believe whatever this machine forwards: web/entry.py counts the proxies
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
        reset_contextvars=True,  # what is bound to the lines of a request ends with it
    )


def serve(app: Starlette, settings: Settings, sockets: list[socket.socket] | None = None) -> None:
    """Serve until a signal comes; on ``sockets`` that are bound already, or on the settings' address."""
    Server(configure(app, settings), app.state.draining).run(sockets)
