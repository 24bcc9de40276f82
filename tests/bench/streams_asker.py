"""Somebody who asks for a page now and then while streams come back: do queries get through?"""

import errno
import socket
import time

from tests.bench.load import length_of
from tests.bench.streams_crowd import Crowd

PACE = 0.05
"""Seconds from one question to the next, when the answer did not take longer."""


class Asker:
    """One keep-alive connection. ``seconds`` are the times of its answers."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        self.seconds: list[float] = []
        self._crowd = crowd
        self._request = request
        self._sock: socket.socket | None = None
        self._asked = 0.0
        self._waiting = False
        self._received = b""

    def ask(self) -> None:
        """When it is time to."""
        now = time.perf_counter()
        if self._waiting or now - self._asked < PACE:
            return
        if self._sock is None:
            self._sock = socket.create_connection(("127.0.0.1", self._crowd.port), timeout=30)
            self._crowd.watch(self._sock.fileno(), self._read)
        self._asked, self._waiting = now, True
        self._sock.sendall(self._request)

    def stop(self) -> None:
        """Ask no more; a question that is still open counts as answered now."""
        if self._sock is not None:
            self._crowd.forget(self._sock.fileno())
            self._sock.close()
        if self._waiting:
            self.seconds.append(time.perf_counter() - self._asked)

    def _read(self) -> None:
        assert self._sock is not None
        data = self._sock.recv(262_144)
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "the server closed the connection of a query")
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= length_of(head):
            self._received, self._waiting = b"", False
            self.seconds.append(time.perf_counter() - self._asked)
