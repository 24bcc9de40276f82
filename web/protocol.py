"""uvicorn's HTTP/1.1, told what it lacks by subclassing.

- A request's head is bounded while it arrives, in bytes and in time, and what is no request is refused in the form of
  every other refusal; never in the midst of an answer.
- A connection can be cut off, and the kernel buffers little for a client that does not read.
- Streams are written directly (``web/direct_wire.py``), other answers whole (``web/whole_answers.py``).
- What belongs to a connection is made once for it, not for each of its requests.
"""

import asyncio
import socket
import sys
from contextvars import Context
from urllib.parse import unquote
from weakref import ref

import httptools
import orjson
from uvicorn._types import ASGI3Application, HTTPScope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from db.ids import new_id
from web.direct_wire import Chunker, DirectWire, Lines
from web.hang_up import HANG_UP, HangUp
from web.responses import JSON, error_body
from web.sse.stream import ABORT
from web.sse.wires import WIRE
from web.whole_answers import WholeAnswers

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

    timeout_keep_alive_task: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0
    _idle_since = 0.0
    _address = b"", "", b"", b""
    _completed = False
    _deaf = False
    _piece = b""
    _arriving: asyncio.TimerHandle | None = None
    _lines: Lines | None = None
    _chunker = Chunker()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self._hang_up = HangUp()
        self._extensions: dict[str, dict[object, object]] = {
            ABORT: {"call": transport.abort},
            HANG_UP: {"call": self._hang_up},
            WIRE: {"call": self._wire},
        }
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
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        """As uvicorn has it, but for a limit of connections, which is not ours, and with whole answers."""
        if self.parser.should_upgrade():
            return
        self._in_head = False
        self._arrived()
        version = self.parser.get_http_version()
        self._complete(self.scope, version)
        before = self.cycle
        self.cycle = WholeAnswers(
            self.scope,
            self.transport,
            self.flow,
            self.server_state.default_headers,
            self.on_response_complete,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            expect_100_continue=self.expect_100_continue,
        )
        self.headers = _TRAILERS
        if not before or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _complete(self, scope: HTTPScope, version: str) -> None:
        """By what the head's first line says. A client asks for one address again and again: it is read once."""
        scope["method"] = self.parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        if self.url != self._address[0]:
            url = httptools.parse_url(self.url)
            self._address = self.url, unquote(url.path.decode("ascii")), url.path, url.query or b""
        _, scope["path"], scope["raw_path"], scope["query_string"] = self._address

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_head, self._head_bytes, self._completed = True, 0, True
        self._arrived()
        super().on_message_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._rest()  # the body's end came after the answer

    def on_response_complete(self) -> None:
        """As uvicorn has it, but for the timer: that runs on, and looks when it is due. To make one for each answer
        and cancel it at the next request costs as much as reading the request.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._rest()

    def _rest(self) -> None:
        """Nothing is asked: the connection is idle from now on."""
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _unset_keepalive_if_required(self) -> None:
        """Called for whatever happens; the timer sees for itself."""

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._arriving is not None or not self.cycle.response_complete:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._lines is not None:
            self._lines.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        self._arrived()
        # The extensions lead back here, and a request to them: held in turn, all would be left to the collector.
        self._extensions = {}
        self.cycle = self.scope = None  # type: ignore[assignment]  # as uvicorn does with its parser
        self._hang_up.happen()
        if self._lines is not None:
            self._lines.lost()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """One after the other, each in a context of its own: what is bound to the lines of a request ends with it."""
        self._answering = ref(cycle)
        task = self.loop.create_task(cycle.run_asgi(app), context=Context())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _wire(self) -> DirectWire:
        """Of the request that is being answered."""
        answering = self._answering()
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
