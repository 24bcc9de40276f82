"""One measured server: ``python -m tests.bench.serve NAME FD CORE``, its database in the environment.

uvicorn with uvloop and httptools (where they are installed) for everybody: one process, no access log, pinned to its
core.
"""

import asyncio
import importlib
import os
import socket
import sys
from collections.abc import Coroutine
from typing import TypeVar

import uvicorn

T = TypeVar("T")

DSN_VARIABLE = "TIDEGATE_BENCH_DSN"


def pin(core: int) -> None:
    """Keep this process on one core, where the system can. A negative core is none."""
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def run_fast(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end on the event loop that uvicorn would take."""
    with asyncio.Runner(loop_factory=uvicorn.Config(_nothing).get_loop_factory()) as runner:
        return runner.run(work)


async def _nothing(scope: object, receive: object, send: object) -> None:
    """An application that nobody calls."""


def main(name: str, listener: int, core: int) -> None:
    """Serve ``tests.bench.<name>`` on a socket that the caller bound."""
    pin(core)
    dsn = os.environ.pop(DSN_VARIABLE)
    app = importlib.import_module(f"tests.bench.{name}").create_app(dsn)
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
