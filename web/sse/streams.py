"""All open streams of a process: who is pinged when, who is cut off, and how they end when the server does."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from typing import Protocol

from schema.live.frames import Ending, EndReason
from web.sse.messages import RETRY_MILLISECONDS
from web.sse.outlet import Outlet
from web.sse.wheel import Wheel

SEND_SECONDS = 30.0
"""How long a client may take nothing of what was written."""
LAST_SECONDS = 2.0
"""How long the last chunk of a stream may take while the server goes down."""
APART_SECONDS = 0.1
"""Between the ends of two streams at most, while the server goes down."""
SPREAD_MILLISECONDS = 2_000
"""Clients that are sent away come back at different moments of this span."""
DRAINING = Ending(EndReason.DRAINING, "DRAINING")
STALLED = Ending(EndReason.STALLED)


class Gauge(Protocol):
    """Counts what is open."""

    def inc(self) -> None: ...
    def dec(self) -> None: ...


class Streams:
    """Made once a process; ``run`` as a task for as long as it serves."""

    def __init__(  # its settings, by name
        self,
        *,
        ping_seconds: float,
        draining: asyncio.Event,
        gauge: Gauge,
        drain_seconds: float = 0,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self.send_seconds = send_seconds
        self.open: set[Outlet] = set()
        self._ping_seconds = ping_seconds
        self._drain_seconds = drain_seconds
        self._draining = draining
        self._drained = asyncio.Event()
        self._gauge = gauge
        self._wheel = Wheel(min(0.25, ping_seconds / 8, send_seconds / 8))

    async def run(self) -> None:
        """Ping, look for those that stand still, and end all when the server drains."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wheel.turn())
            tasks.create_task(self._drain())

    def enter(self, outlet: Outlet) -> None:
        """A stream opens: from now on it can be ended."""
        self.open.add(outlet)
        self._wheel.place(monotonic() + self._ping_seconds, partial(self._look, outlet))
        if self._draining.is_set():
            outlet.end(DRAINING, outlet.farewell(RETRY_MILLISECONDS))

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around an answer that has begun: whoever sees it counted may act, and is told of that."""
        self._gauge.inc()
        try:
            yield
        finally:
            self._gauge.dec()

    def last_seconds(self, ending: Ending) -> float:
        """How long the last chunk may wait for its client."""
        return LAST_SECONDS if ending.reason is EndReason.DRAINING else self.send_seconds

    def leave(self, outlet: Outlet) -> None:
        """A stream is over."""
        self.open.discard(outlet)

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

    async def drained(self) -> None:
        """Wait until every stream has ended, no longer than they are given."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_seconds + LAST_SECONDS):
                await self._drained.wait()

    async def _drain(self) -> None:
        """One after the other, so that they come back elsewhere one after the other."""
        await self._draining.wait()
        waiting = list(self.open)
        random.shuffle(waiting)
        begun, pause = monotonic(), min(APART_SECONDS, self._drain_seconds / max(len(waiting), 1))
        for number, outlet in enumerate(waiting):
            early = begun + number * pause - monotonic()
            if early > 0:
                await asyncio.sleep(early)
            outlet.end(DRAINING, outlet.farewell(RETRY_MILLISECONDS + random.randrange(SPREAD_MILLISECONDS)))
        while self.open:  # noqa: ASYNC110  # a moment: their last chunks
            await asyncio.sleep(0.01)
        self._drained.set()
