"""Whole answers in one write: head and body leave together, as one segment where they fit.

uvicorn looks at each header field by itself and writes head and body apart, which is a system call and a segment more
for each answer, and a read more for its client.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from starlette.types import Message
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from web.refusals import Header

_IN_FIELDS = bytes([9, *range(32, 127), *range(128, 256)])
"""Octets that may stand in a field (RFC 9110, 5.5)."""
_OWN_WAY = (b"\r\nconnection: ", b"\r\ntransfer-encoding: ")
"""Fields by which an answer changes how its connection goes on."""
_BODILESS = frozenset({204, 304})
_COPIED = 65_536
"""Bytes of a body that are copied rather than written from where they are."""
_MOST = 64
"""Heads that are kept, of however many there are."""


class _Heads:
    """Heads as they were sent beside these usual fields, which name the second: answers of one kind differ in their
    length, and in their last field, the request's id.
    """

    def __init__(self, usual: list[Header]) -> None:
        self.usual = usual
        self.known: dict[tuple[object, ...], tuple[bytes, bytes] | None] = {}

    def framed(
        self, key: tuple[object, ...], status: int, headers: Sequence[Header], place: int
    ) -> tuple[bytes, bytes] | None:
        """What stands before the length, which is at that place, and between it and the last field's value. None: that
        is for uvicorn to send.
        """
        fields = [STATUS_LINE[status][:-2], *map(b": ".join, [*self.usual, *headers[:place], (b"content-length", b"")])]
        rest = [b"", *map(b": ".join, [*headers[place + 1 : -1], (headers[-1][0], b"")])]
        head = b"\r\n".join(fields), b"\r\n".join(rest)
        whole = b"".join(head)
        plain = len(whole.translate(None, _IN_FIELDS)) == 2 * (len(fields) + len(rest)) - 4
        plain = plain and status >= 200 and status not in _BODILESS and not any(field in whole for field in _OWN_WAY)
        if len(self.known) >= _MOST:
            self.known.clear()
        found = self.known[key] = head if plain else None
        return found


class WholeAnswers(RequestResponseCycle):
    """uvicorn's request and answer, where a head that tells a length waits for the body, as ASGI asks for it. A body
    that is whole and of that length goes out with it; anything else goes as uvicorn sends it.
    """

    logger = logging.getLogger("uvicorn.error")
    access_log = False
    disconnected = False
    more_body = True
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    _head: Message | None = None
    _heads = _Heads([])

    def __init__(
        self,
        scope: HTTPScope,
        transport: asyncio.Transport,
        flow: FlowControl,
        default_headers: list[Header],
        on_response: Callable[[], None],
        *,
        keep_alive: bool,
        expect_100_continue: bool,
    ) -> None:
        """As uvicorn's; but how each begins is said once, above."""
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.default_headers = default_headers
        self.on_response = on_response
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expect_100_continue
        self.message_event = asyncio.Event()
        self.body = bytearray()

    async def send(self, message: Message) -> None:  # type: ignore[override]  # ASGI's messages, as Starlette has them
        head, self._head = self._head, None
        if head is not None:
            if self._is_plain(message) and self._write(head["status"], head["headers"], message.get("body", b"")):
                return
            await super().send(head)  # type: ignore[arg-type]  # as above
        elif not self.response_started and _tells_length(message):
            self._head = message
            return
        await super().send(message)  # type: ignore[arg-type]  # as above

    async def send_500_response(self) -> None:
        """For whoever gave up: of a head that still waits nobody has seen anything."""
        self._head = None
        await super().send_500_response()

    def _is_plain(self, message: Message) -> bool:
        """Whether it is the only body of an answer that a client is ready to take."""
        whole = message["type"] == "http.response.body" and not message.get("more_body")
        return whole and self.scope["method"] != "HEAD" and not self.disconnected and not self.flow.write_paused

    def _write(self, status: int, headers: list[Header], body: bytes) -> bool:
        """Whether it could be written like this."""
        length = b"%d" % len(body)
        field = b"content-length", length
        heads, (_, last) = self._heads, headers[-1]
        if field not in headers[:-1] or not (last.isalnum() or not last.translate(None, _IN_FIELDS)):
            return False
        if heads.usual is not self.default_headers:
            heads = WholeAnswers._heads = _Heads(self.default_headers)
        place = headers.index(field)
        key = (status, place, headers[-1][0], *headers[:place], *headers[place + 1 : -1])
        framed = heads.known[key] if key in heads.known else heads.framed(key, status, headers, place)
        if framed is None:
            return False
        end = b"\r\n\r\n" if self.keep_alive else b"\r\nconnection: close\r\n\r\n"
        head = b"".join((framed[0], length, framed[1], last, end))
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = self.chunked_encoding = False
        if len(body) > _COPIED:
            self.transport.writelines((head, body))
        else:
            self.transport.write(head + body)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


def _tells_length(message: Message) -> bool:
    """Whether it is a head that says how long its body is; a stream's does not, and waits for nothing."""
    if message["type"] == "http.response.start":
        for name, _ in message["headers"]:  # a generator would cost more
            if name == b"content-length":
                return True
    return False
