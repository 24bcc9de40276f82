"""Who wrote what lately: so far has the log to reach where that caller reads next.

A position is remembered for as long as what the replica serves may be behind (``seconds``): by then every read of it
sees the write anyway. Workers tell each other over the bus before the writer is answered. A worker that does not hear,
or has not heard for as long again, knows of nobody what they wrote, and says so: then everybody reads at the primary.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from db.bus import Bus
from db.errors import Unavailable
from db.events import Position

CHANNEL = "tidegate_writes"
MOST = 100_000
"""Callers that are remembered at once."""
FAR = Position(2**62, datetime.max.replace(tzinfo=UTC))
"""Further than any log reaches: what was written, or how far, is not known."""
_START = datetime(1970, 1, 1, tzinfo=UTC)
_TOLD = re.compile(r"([0-9a-f]{32}):([0-9a-f]{32}):([0-9]{1,19}):([0-9]{1,18})")
_log = structlog.get_logger()


class RecentWrites:
    """``share`` it before the first write where there are other workers."""

    def __init__(self, seconds: float, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[Position, float]] = OrderedDict()
        """By tenant and user, with the time until which it counts: the first to go first."""
        self._bus: Bus | None = None
        self._blind_until = 0.0
        self._failing = False

    async def share(self, bus: Bus) -> None:
        """Hear from now on what is written at other workers, and tell them."""
        await bus.listen(CHANNEL, self._told, self._begin_to_hear)
        self._bus = bus

    def of(self, tenant: str, user: str) -> Position | None:
        """How far the log has to reach for this caller; None: nothing was written lately."""
        if self._clock() < self._blind_until or (self._bus is not None and not self._bus.live):
            return FAR
        found = self._known.get((tenant, user))
        return None if found is None or found[1] < self._clock() else found[0]

    async def add(self, tenant: str, user: str, position: Position | None) -> None:
        """The caller wrote, up to there; None: nobody knows how far. Returns when other workers were told."""
        position = position or FAR
        self._keep(tenant, user, position)
        if self._bus is not None:
            try:
                await self._bus.publish(CHANNEL, _text(tenant, user, position))
                self._failing = False
            except Unavailable as error:
                if not self._failing:  # they do not hear either, and know it
                    _log.warning("write_not_told", error=type(error).__name__)
                self._failing = True

    def _keep(self, tenant: str, user: str, position: Position) -> None:
        now, key = self._clock(), (tenant, user)
        before = self._known.pop(key, None)
        if before is not None and before[1] >= now:
            position = later(position, before[0])
        self._known[key] = position, now + self._seconds
        while (first := next(iter(self._known.values())))[1] < now or len(self._known) > self._most:
            self._known.popitem(last=False)
            if first[1] >= now:  # forgotten too early: as if nothing had been heard of anybody
                self._blind_until = max(self._blind_until, first[1])

    def _told(self, said: str) -> None:
        if (found := _TOLD.fullmatch(said)) is not None:
            tenant, user, seq, micros = found.groups()
            self._keep(tenant, user, Position(int(seq), _START + timedelta(microseconds=int(micros))))

    def _begin_to_hear(self) -> None:
        self._blind_until = self._clock() + self._seconds


def later(one: Position, other: Position) -> Position:
    """The one further on. Changes without an event take no number, but time."""
    return one if reaches(one, other) else other


def reaches(one: Position, other: Position) -> bool:
    """Whether a log that stands at ``one`` holds all that was written up to ``other``."""
    return (one.seq, one.ts) >= (other.seq, other.ts)


def _text(tenant: str, user: str, position: Position) -> str:
    return f"{tenant}:{user}:{position.seq}:{(position.ts - _START) // timedelta(microseconds=1)}"
