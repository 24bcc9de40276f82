"""Starts what is measured, each server a process of its own on the first core, and reads what it has used."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.serve import DSN_VARIABLE

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core serves, and which carries PostgreSQL and the load; -1 where pinning makes no sense."""

    server: int
    rest: int

    @classmethod
    def found(cls) -> "Cores":
        if not hasattr(os, "sched_getaffinity"):
            return cls(-1, -1)
        first, *others = sorted(os.sched_getaffinity(0))
        return cls(first, others[0]) if others else cls(-1, -1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    pid: int

    def processor_seconds(self) -> float:
        """What the process has used so far, in user and system mode."""
        told = [stat.read_text() for stat in Path(f"/proc/{self.pid}/task").glob("*/schedstat")]
        if told:  # to the nanosecond, where other ways tell hundredths of a second
            return sum(int(each.split()[0]) for each in told) / 1e9
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def memory(self) -> int:
        """Bytes of resident memory."""
        return psutil.Process(self.pid).memory_info().rss


@contextmanager
def running(
    name: str, dsn: str, core: int, log: Path, environment: Mapping[str, str] | None = None, tree: Path = ROOT
) -> Iterator[Server]:
    """``tests.bench.<name>`` of a tree on a free port of this machine, for as long as the block runs; what it says goes
    to ``log``."""
    with log.open("wb") as said, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.serve", name, str(listener.fileno()), str(core)],
            cwd=tree,
            env={**os.environ, **(environment or {}), DSN_VARIABLE: dsn, "PYTHONPATH": str(tree)},
            pass_fds=[listener.fileno()],
            stdout=said,
            stderr=said,
        )
    try:
        _await_answer(process, port)
        yield Server(name, port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Until the server answers anything at all: the socket takes connections before it does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"a measured server ended at once: {process.args!r}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
                probe.sendall(b"GET /nothing HTTP/1.1\r\nhost: 127.0.0.1\r\nx-tenant-id: 0\r\n\r\n")
                if probe.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"a measured server did not answer within {PATIENCE_SECONDS:g} s: {process.args!r}")


@contextmanager
def beside(cores: Cores) -> Iterator[None]:
    """This process on the core that does not serve, for as long as the block runs."""
    if cores.rest < 0:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.rest})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pin_postgres(data_dir: Path, core: int) -> None:
    """Keep a server's processes on one core, and so those that it will start."""
    if core < 0 or not hasattr(os, "sched_setaffinity"):
        return
    postmaster = psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    for process in (postmaster, *postmaster.children()):
        with suppress(psutil.NoSuchProcess):
            process.cpu_affinity([core])
