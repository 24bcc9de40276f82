"""Whole answers in one write: head and body leave together, as one segment where they fit.

uvicorn looks at each header field by itself and writes head and body apart, which is a system call and a segment more
for each answer, and a read more for its client.
"""

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_IN_FIELDS = bytes([9, *range(32, 127), *range(128, 256)])
"""Octets that may stand in a field (RFC 9110, 5.5)."""
_OWN_WAY = (b"\r\nconnection: ", b"\r\ntransfer-encoding: ")
"""Fields by which an answer changes how its connection goes on."""
_BODILESS = frozenset({204, 304})
_COPIED = 65_536
"""Bytes of a body that are copied rather than written from where they are."""


class WholeAnswers(RequestResponseCycle):
    """uvicorn's request and answer, where a head that tells a length waits for the body, as ASGI asks for it. A body
    that is whole and of that length goes out with it; anything else goes as uvicorn sends it.
    """

    _head: Message | None = None

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

    def _write(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Whether it could be written like this."""
        fields = [STATUS_LINE[status][:-2], *map(b": ".join, self.default_headers), *map(b": ".join, headers)]
        head = b"\r\n".join(fields)
        breaks = head.translate(None, _IN_FIELDS)
        if (b"content-length", b"%d" % len(body)) not in headers or status in _BODILESS or status < 200:
            return False
        if len(breaks) != 2 * len(fields) - 2 or any(field in head for field in _OWN_WAY):
            return False
        head += b"\r\n\r\n" if self.keep_alive else b"\r\nconnection: close\r\n\r\n"
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
