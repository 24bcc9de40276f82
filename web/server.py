"""The server that runs the application: uvicorn, told what it lacks by subclassing.

- It takes in connections many at a time, each with our protocol (``web/protocol.py``).
- It tells streams to end *before* it waits for connections to close (uvicorn tells the application only afterwards,
  so that a stream would hold it up for ever).
- A signal ends it in good order and is not raised again: whoever started it goes on with its own cleaning up.
"""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from web.acceptor import Acceptor
from web.protocol import BoundedProtocol
from web.settings import Settings
from web.sse.streams import Streams

DRAIN_SECONDS = 10
"""How long requests may run on when the server stops."""
BACKLOG = 65_536
"""Connections that wait to be accepted: as many as the kernel allows, for whom it drops comes back ever more slowly."""


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
    )


def serve(app: Starlette, settings: Settings, sockets: list[socket.socket] | None = None) -> None:
    """Serve until a signal comes; on ``sockets`` that are bound already, or on the settings' address."""
    Server(configure(app, settings), app.state.draining).run(sockets)
