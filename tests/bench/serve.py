"""One measured server: ``python -m tests.bench.serve NAME FD CORE``, its database in the environment.

uvicorn with uvloop and httptools for everybody, one process, no access log, pinned to its core.
"""

import importlib
import os
import socket
import sys

import uvicorn

DSN_VARIABLE = "TIDEGATE_BENCH_DSN"


def pin(core: int) -> None:
    """Keep this process on one core, where the system can. A negative core is none."""
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def main(name: str, listener: int, core: int) -> None:
    """Serve ``tests.bench.<name>`` on a socket that the caller bound."""
    pin(core)
    dsn = os.environ.pop(DSN_VARIABLE)
    app = importlib.import_module(f"tests.bench.{name}").create_app(dsn)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
