"""Several worker processes on one socket: started, restarted when one dies, stopped together."""

import signal
import socket
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from threading import Event
from types import FrameType

import structlog

from web.cli.failures import Failure

Work = Callable[[socket.socket], None]
"""What one worker does, until SIGTERM. A function of a module: it is called in a fresh process."""
STOP_SECONDS = 20
"""How long a worker may take to stop, beside the time over which it ends its streams."""
SOONEST_DEATH = 5.0
"""Seconds; a worker that dies younger than that would die again: then all stop."""


class Workers:
    """``run`` returns when a signal came and all have stopped, which may take them so many seconds. Raises Failure when
    they cannot stay alive.
    """

    def __init__(self, count: int, bound: socket.socket, work: Work, stop_seconds: float = STOP_SECONDS) -> None:
        self._count = count
        self._stop_seconds = stop_seconds
        self._bound = bound
        self._work = work
        self._stop = Event()
        self._born: dict[SpawnProcess, float] = {}

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            for _ in range(self._count):
                self._start()
            while not self._stop.is_set():
                wait([process.sentinel for process in self._born], timeout=0.5)
                self._replace_dead()
        finally:
            self._stop_all()

    def _start(self) -> None:
        process = get_context("spawn").Process(target=self._work, args=(self._bound,))
        process.start()
        self._born[process] = time.monotonic()

    def _replace_dead(self) -> None:
        for process, born in list(self._born.items()):
            if process.is_alive() or self._stop.is_set():
                continue
            del self._born[process]
            if time.monotonic() - born < SOONEST_DEATH:
                raise Failure(f"A worker stopped with code {process.exitcode} right after its start; its log says why.")
            structlog.get_logger().error("worker died and is replaced", pid=process.pid, code=process.exitcode)
            self._start()

    def _stop_all(self) -> None:
        deadline = time.monotonic() + self._stop_seconds
        for process in self._born:
            process.terminate()
        for process in self._born:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()
