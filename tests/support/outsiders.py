"""Servers of other houses, which the product asks over HTTP: an application, served for as long as a block runs."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from tests.support.waiting import until


class _QuietServer(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """On a listener that is bound already; when the block is left the server answers what it has begun, and ends."""
    server = _QuietServer(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
    task = asyncio.create_task(server.serve([listener]))
    await until(lambda: server.started or task.done())
    try:
        yield
    finally:
        server.should_exit = True
        await task
