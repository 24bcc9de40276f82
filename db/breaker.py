"""A circuit breaker: whoever fails again and again is left alone for a while, and nobody waits for it meanwhile.

Theory of operation
- Closed, every call goes through and is counted, in places of time that are the window together. It opens when enough
  calls of the window have failed, and no fewer than half of them.
- Open, calls are refused at once. After a pause it is half open: one call goes through to find out, all others are
  refused as before. Answered, it closes; failed, it opens for twice as long, up to the longest pause. Pauses are
  shortened by chance, so that the workers of a deployment do not come back together.
- A call that was begun before the last change of state says nothing of the state now, and one that was cancelled says
  nothing at all.
- Failed is what says that the other side is unwell: no connection, no answer in time, ``Unwell``. Any other exception
  came from an answer.

See Nygard, *Release It!* (stability patterns). It belongs to one process and knows no lock: nothing in it waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from random import random
from time import monotonic

import structlog

from db.errors import CircuitOpen

PLACES = 10
"""Of a window."""
_log = structlog.get_logger()


class State(IntEnum):
    """What becomes of a call, in the order of its getting worse."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Outcome(StrEnum):
    """What became of a call. REFUSED: it was not made."""

    ANSWERED = "answered"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"


class Unwell(Exception):
    """Raised inside a call whose answer says that the other side is unwell, and perhaps for how many ``seconds``."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Tolerance:
    """So many failures within a window of so many seconds, and pauses in seconds: the first, the longest, and the most
    that the other side may ask for.
    """

    failures: int = 5
    window: float = 10.0
    first: float = 1.0
    longest: float = 30.0
    asked: float = 60.0


class Breaker:
    """One for each upstream of a process. ``failures``: what its calls throw when it cannot be reached. ``clock``
    counts seconds and only goes forward; ``chance`` is between 0 and 1.
    """

    def __init__(
        self,
        name: str,
        tolerance: Tolerance,
        failures: tuple[type[Exception], ...] = (OSError,),
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random,
    ) -> None:
        self.name = name
        self.counts = dict.fromkeys(Outcome, 0)
        """Calls since the process began."""
        self._tolerance = tolerance
        self._failures: tuple[type[Exception], ...] = (TimeoutError, Unwell, *failures)
        self._clock = clock
        self._chance = chance
        self._window = _Window(tolerance.window)
        self._state = State.CLOSED
        self._change = 0
        """Counts changes of state: a call knows by it whether there was one meanwhile."""
        self._probing = False
        self._pause = tolerance.first
        self._until = 0.0

    @property
    def state(self) -> State:
        """Half open as soon as the next call would go through to find out."""
        due = self._state is State.OPEN and self._clock() >= self._until
        return State.HALF_OPEN if due else self._state

    @asynccontextmanager
    async def call(self, seconds: float) -> AsyncIterator[None]:
        """One call, of so many seconds at most. Raises CircuitOpen at once, TimeoutError, and what happens inside."""
        change = self._admit()
        outcome, why = None, None
        try:
            async with asyncio.timeout(seconds):
                yield
            outcome = Outcome.ANSWERED
        except self._failures as error:
            outcome, why = Outcome.TIMED_OUT if isinstance(error, TimeoutError) else Outcome.FAILED, error
            raise
        except Exception:
            outcome = Outcome.ANSWERED
            raise
        finally:
            self._judge(change, outcome, why)

    def recover(self) -> None:
        """It was seen to be well by other means than a call."""
        if self._state is not State.CLOSED:
            self._close()

    def _admit(self) -> int:
        if self._state is State.OPEN and self._clock() >= self._until:
            self._enter(State.HALF_OPEN)
        if self._state is State.OPEN or (self._state is State.HALF_OPEN and self._probing):
            self.counts[Outcome.REFUSED] += 1
            raise CircuitOpen(self.name, max(self._tolerance.first, self._until - self._clock()))
        self._probing = self._state is State.HALF_OPEN
        return self._change

    def _judge(self, change: int, outcome: Outcome | None, why: Exception | None) -> None:
        if outcome is not None:
            self.counts[outcome] += 1
        if change != self._change:
            return
        self._probing = False
        if outcome is None:
            return
        if self._state is State.HALF_OPEN:
            self._close() if why is None else self._open(why)
            return
        self._window.count(self._clock(), failed=why is not None)
        if why is not None and self._window.is_full(self._tolerance.failures):
            self._open(why)

    def _open(self, why: Exception) -> None:
        asked = min(why.seconds, self._tolerance.asked) if isinstance(why, Unwell) else 0.0
        pause = max(asked, self._pause * (0.5 + self._chance() / 2))
        if self._state is State.CLOSED:  # once an outage
            _log.warning("upstream_opened", upstream=self.name, error=_told(why), seconds=round(pause, 3))
        self._until = self._clock() + pause
        self._pause = min(self._pause * 2, self._tolerance.longest)
        self._enter(State.OPEN)

    def _close(self) -> None:
        _log.info("upstream_closed", upstream=self.name)
        self._pause = self._tolerance.first
        self._window.clear()
        self._enter(State.CLOSED)

    def _enter(self, state: State) -> None:
        self._state, self._probing = state, False
        self._change += 1


class _Window:
    """Calls of the last seconds, and how many of them failed."""

    def __init__(self, seconds: float) -> None:
        self._step = seconds / PLACES
        self._places: deque[list[int]] = deque()

    def count(self, now: float, *, failed: bool) -> None:
        number, places = int(now / self._step), self._places
        if not places or places[-1][0] != number:
            places.append([number, 0, 0])
            while places[0][0] <= number - PLACES:
                places.popleft()
        last = places[-1]
        last[1] += 1
        last[2] += failed

    def is_full(self, failures: int) -> bool:
        calls, failed = (sum(place[at] for place in self._places) for at in (1, 2))
        return failed >= failures and 2 * failed >= calls

    def clear(self) -> None:
        self._places.clear()


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, Unwell) else type(error).__name__
