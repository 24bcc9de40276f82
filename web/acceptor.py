"""Takes in connections many at a time.

uvloop accepts one connection in each turn of its loop (libuv does, since 1.46). When thousands come at once and the
loop is busy with streams they would wait for minutes; so whatever waits is accepted here, a handful in each turn.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable

AT_ONCE = 32
"""Connections that are accepted in one turn of the loop: enough for a storm, and nobody waits for it."""


class Acceptor:
    """Accepts on listening sockets that the server listens on too; whoever comes first takes the connection."""

    def __init__(self, listening: Iterable[int], protocol: Callable[[], asyncio.Protocol]) -> None:
        """``listening``: file numbers; they are duplicated."""
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._joining: set[asyncio.Task[object]] = set()
        self._sockets = [socket.socket(fileno=socket.dup(number)) for number in listening]
        for sock in self._sockets:
            sock.setblocking(False)
            self._loop.add_reader(sock, self._accept, sock)

    def close(self) -> None:
        """Accept nothing more; twice is once."""
        sockets, self._sockets = self._sockets, []
        for sock in sockets:
            self._loop.remove_reader(sock)
            sock.close()

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = sock.accept()
            except OSError:  # nobody waits any more, or went away, or there is no file left for it
                return
            connection.setblocking(False)
            joining = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
            self._joining.add(joining)
            joining.add_done_callback(self._joined)

    def _joined(self, joining: "asyncio.Task[object]") -> None:
        self._joining.discard(joining)
        if not joining.cancelled():
            joining.exception()  # one that hung up meanwhile is nobody's loss
