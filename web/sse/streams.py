"""All open streams of a process: who is pinged when, who is cut off, and how they end when the server does."""

import asyncio
from functools import partial
from time import monotonic
from typing import Protocol

from schema.live.frames import Ending, EndReason
from web.sse.outlet import Outlet
from web.sse.wheel import Wheel

SEND_SECONDS = 30.0
"""How long a client may take nothing of what was written."""
DRAINING = Ending(EndReason.DRAINING, "DRAINING")
STALLED = Ending(EndReason.STALLED)


class Gauge(Protocol):
    """Counts what is open."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


class Streams:
    """Made once a process; ``run`` as a task for as long as it serves."""

    def __init__(
        self, *, ping_seconds: float, draining: asyncio.Event, gauge: Gauge, send_seconds: float = SEND_SECONDS
    ) -> None:
        self.send_seconds = send_seconds
        self.open: set[Outlet] = set()
        self._ping_seconds = ping_seconds
        self._draining = draining
        self._gauge = gauge
        self._wheel = Wheel(min(0.25, ping_seconds / 8, send_seconds / 8))

    async def run(self) -> None:
        """Ping, look for those that stand still, and end all when the server drains."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wheel.turn())
            tasks.create_task(self._drain())

    def enter(self, outlet: Outlet) -> None:
        """A stream opens."""
        self._gauge.inc()
        self.open.add(outlet)
        self._wheel.place(monotonic() + self._ping_seconds, partial(self._look, outlet))
        if self._draining.is_set():
            outlet.end(DRAINING)

    def leave(self, outlet: Outlet) -> None:
        """A stream is over."""
        self.open.discard(outlet)
        self._gauge.dec()

    def _look(self, outlet: Outlet) -> None:
        """Ping it when it was silent, end it when it stands still; and look again."""
        if outlet not in self.open:
            return
        now = monotonic()
        if outlet.full_since is not None:
            due = outlet.full_since + self.send_seconds
            if due <= now:
                outlet.end(STALLED)
        else:
            due = outlet.written + self._ping_seconds
            if due <= now:
                outlet.ping()
                due = now + self._ping_seconds
        self._wheel.place(min(due, now + self._ping_seconds), partial(self._look, outlet))

    async def _drain(self) -> None:
        await self._draining.wait()
        for outlet in tuple(self.open):
            outlet.end(DRAINING)
