"""One measured server: ``python -m tests.bench.serve NAME FD CORE``, its database in the environment.

uvicorn with uvloop and httptools (where they are installed) for everybody: one process, no access log, pinned to its
core.
"""

import asyncio
import importlib
import os
import resource
import socket
import sys
from collections.abc import Coroutine
from typing import TypeVar

import uvicorn

T = TypeVar("T")

DSN_VARIABLE = "TIDEGATE_BENCH_DSN"
MANY_FILES = 65_536
"""Where the system knows no limit, or does not tell it."""


def pin(core: int) -> None:
    """Keep this process on one core, where the system can. A negative core is none."""
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def allow_many_files() -> int:
    """Let this process open as many files, and so sockets, as the system lets it; that many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MANY_FILES if most == resource.RLIM_INFINITY else most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def run_fast(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end on the event loop that uvicorn would take."""
    with asyncio.Runner(loop_factory=uvicorn.Config(_nothing).get_loop_factory()) as runner:
        return runner.run(work)


async def _nothing(scope: object, receive: object, send: object) -> None:
    """An application that nobody calls."""


def main(name: str, listener: int, core: int) -> None:
    """Serve ``tests.bench.<name>`` on a socket that the caller bound: by its own ``serve`` where it has one."""
    pin(core)
    allow_many_files()
    dsn = os.environ.pop(DSN_VARIABLE)
    program = importlib.import_module(f"tests.bench.{name}")
    if hasattr(program, "serve"):
        program.serve(dsn, socket.socket(fileno=listener))
        return
    config = uvicorn.Config(
        program.create_app(dsn),
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,  # streams have no end of their own
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
