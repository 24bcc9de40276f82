"""Servers that tests may kill: a process that has imported everything forks one whenever it is asked to, all on one
listening socket, so that a new one is there in no time and clients find it where the old one was.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
from uvicorn.config import STARTUP_FAILURE

from tests.support.database import Dsns
from web.app import create_app
from web.logs import configure
from web.server import serve
from web.settings import Settings

ROOT = Path(__file__).parents[2]
SECRET = "a secret for servers that do not live long"
PATIENCE = 60.0


class Nursery:
    """``port`` answers while there is a server; ``pids`` are their processes, the oldest first."""

    def __init__(self, process: Process, port: int) -> None:
        self.port = port
        self.pids: list[int] = []
        self._process = process
        self._asking = asyncio.Lock()

    async def start(self) -> None:
        """One more server; one answers when this returns."""
        self.pids.append(await self._ask("start"))
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            assert (await client.get(f"http://127.0.0.1:{self.port}/health/live")).status_code == 200

    async def kill(self, pid: int | None = None) -> None:
        """By surprise, as the kernel does; the oldest, if none is named. One that was started while the database was
        away has ended by itself, for whoever keeps servers to start it again.
        """
        assert await self.end(signal.SIGKILL, pid) in {-signal.SIGKILL, STARTUP_FAILURE}

    async def end(self, sig: signal.Signals, pid: int | None = None) -> int:
        """Send the signal and wait; the exit code, negative when the signal itself ended it."""
        pid = pid or self.pids[0]
        self.pids.remove(pid)
        os.kill(pid, sig)
        return await self._ask(f"wait {pid}")

    async def _ask(self, line: str) -> int:
        async with self._asking:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{line}\n".encode())
            return await self._number()

    async def _number(self) -> int:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return int(await self._process.stdout.readline())


@asynccontextmanager
async def open_nursery(dsns: Dsns, **more: str) -> AsyncIterator[Nursery]:
    """A nursery without a server yet, with more settings if need be; at the end all of it is gone."""
    settings = {"DATABASE_URL": dsns.runtime, "TIDEGATE_SECRETS": SECRET, "TIDEGATE_LOG_LEVEL": "error", **more}
    ours = ("TIDEGATE_", "DATABASE_", "REDIS_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.nursery"),
        cwd=ROOT,
        env={**inherited, **settings},
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    nursery = Nursery(process, 0)
    try:
        async with asyncio.timeout(PATIENCE):
            nursery.port = int(await process.stdout.readline())
        yield nursery
    finally:
        for pid in tuple(nursery.pids):
            await nursery.kill(pid)
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def main() -> None:
    """The process itself: says its port; for ``start`` it says a new server's pid, for ``wait`` with a pid how that one
    ended.
    """
    settings = Settings.for_serve()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _say(listener.getsockname()[1])
        for line in sys.stdin:
            match line.split():
                case ["start"]:
                    _say(_fork(settings, listener))
                case ["wait", pid]:
                    _say(os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1]))


def _fork(settings: Settings, listener: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        configure(settings.log_format, settings.log_level)
        serve(create_app(settings), settings, [listener])
        os._exit(0)
    return pid


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
