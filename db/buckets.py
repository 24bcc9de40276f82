"""Token buckets: how much somebody may still use, and when more. Their arithmetic, and a store in a process's memory.

A bucket is one number: the moment at which it is full again, if nobody takes anything. What it holds follows from that
(the most, less what flows in until then), and a bucket whose moment has passed is as good as new, so that it need not
be kept. Taking moves the moment on, giving back moves it back.

- Something is taken of all of a caller's buckets or of none.
- What is more than a bucket holds at most is taken of a full one, and owed: nothing is too large for ever.
- What was used already is charged whether there is so much or not; no bucket owes more than it holds at most.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import NamedTuple, Protocol
from zlib import crc32

MOST_BUCKETS = 20_000
"""Of a kind, in one process's memory."""
CROWD = 1_024
"""Buckets that those share for whom there is no room any more."""
SWEEP_SECONDS = 1.0
ROUNDING = 1e-6


class Allowance(NamedTuple):
    """What a bucket of this kind holds at most, and what flows in."""

    kind: str
    most: int
    per_second: float

    def shared_by(self, workers: int) -> "Allowance":
        """The part of each of so many."""
        return Allowance(self.kind, max(1, self.most // workers), self.per_second / workers)

    def left(self, full_in: float) -> int:
        """What is in a bucket that is full in so many seconds; nothing, if it owes something."""
        return max(0, int(self.most - full_in * self.per_second + ROUNDING))

    def wait(self, full_in: float, units: int) -> float:
        """Seconds until so much may be taken; 0 for now."""
        missing = full_in * self.per_second + min(units, self.most) - self.most
        return missing / self.per_second if missing > ROUNDING else 0.0

    def after(self, full_in: float, units: int) -> float:
        """In how many seconds it is full when so much more was taken; negative: given back."""
        after = full_in + units / self.per_second
        return 0.0 if after < 0 else min(after, 2 * self.most / self.per_second)


class Bucket(NamedTuple):
    """Somebody's."""

    allowance: Allowance
    key: str


class Taken(NamedTuple):
    """What became of it. ``short``: the bucket that it was too much for, which has so much in ``wait`` seconds;
    nothing was taken then. ``full_in``: seconds until each of the buckets is full, as they are now.
    """

    full_in: Sequence[float]
    short: Bucket | None = None
    wait: float = 0.0


class Buckets(Protocol):
    """Where buckets are kept."""

    def take_now(self, buckets: Sequence[Bucket], units: int) -> Taken | None:
        """So much of each, or of none; None where that takes asking somebody (``take``), and nothing is taken yet."""

    async def take(self, buckets: Sequence[Bucket], units: int) -> Taken:
        """The same, whoever has to be asked."""

    def charge(self, buckets: Sequence[Bucket], units: int) -> Taken | None:
        """So much was used; negative: was not used after all. What is owed because of that, as far as it is known:
        ``short`` has nothing left for ``wait`` seconds. None when nothing is owed, or something was given back.
        """


class MemoryBuckets:
    """Those of one process. Never more than ``most`` of a kind: whoever comes when so many are in use shares one of a
    few with others, until there is room.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, most: int = MOST_BUCKETS) -> None:
        self._clock = clock
        self._shelves = defaultdict[str, _Shelf](lambda: _Shelf(most))

    def __len__(self) -> int:
        return sum(len(shelf.full_at) for shelf in self._shelves.values())

    async def take(self, buckets: Sequence[Bucket], units: int) -> Taken:
        return self.take_now(buckets, units)

    def take_now(self, buckets: Sequence[Bucket], units: int) -> Taken:
        now, found, full_in = self._clock(), [], []
        for (kind, most, per_second), key in buckets:
            shelf = self._shelves[kind]
            place = key if key in shelf.full_at else shelf.place(key, now)
            full_at = shelf.full_at.get(place, now)
            seconds = (full_at - now if full_at > now else 0.0) + units / per_second
            if seconds * per_second > most:
                return self._take_last(buckets, units, now)
            found.append((shelf, place))
            full_in.append(seconds)
        for (shelf, place), seconds in zip(found, full_in, strict=True):
            shelf.full_at[place] = now + seconds
        return Taken(full_in)

    def charge(self, buckets: Sequence[Bucket], units: int) -> Taken | None:
        now, full_in = self._clock(), []
        for allowance, key in buckets:
            shelf = self._shelves[allowance.kind]
            place = key if key in shelf.full_at else shelf.place(key, now)
            seconds = allowance.after(max(shelf.full_at.get(place, now) - now, 0.0), units)
            shelf.full_at[place] = now + seconds
            full_in.append(seconds)
        return owing(buckets, full_in) if units >= 0 else None

    def _take_last(self, buckets: Sequence[Bucket], units: int, now: float) -> Taken:
        """Where one of them is nearly empty, or short."""
        full_in = [self._full_in(allowance.kind, key, now) for allowance, key in buckets]
        waits = [bucket.allowance.wait(seconds, units) for bucket, seconds in zip(buckets, full_in, strict=True)]
        wait = max(waits)
        if wait:
            return Taken(full_in, buckets[waits.index(wait)], wait)
        after = [bucket.allowance.after(seconds, units) for bucket, seconds in zip(buckets, full_in, strict=True)]
        for (allowance, key), seconds in zip(buckets, after, strict=True):
            shelf = self._shelves[allowance.kind]
            shelf.full_at[shelf.place(key, now)] = now + seconds
        return Taken(after)

    def _full_in(self, kind: str, key: str, now: float) -> float:
        shelf = self._shelves[kind]
        return max(shelf.full_at.get(shelf.place(key, now), now) - now, 0.0)


class _Shelf:
    """Buckets of a kind: by key, when each is full."""

    __slots__ = ("_most", "_room", "_swept", "full_at")

    def __init__(self, most: int) -> None:
        self.full_at: dict[str, float] = {}
        self._most = most
        self._room = min(most, CROWD)
        self._swept = -inf

    def place(self, key: str, now: float) -> str:
        """The key that it is kept by: its own, or that of the others for whom there is no room."""
        if len(self.full_at) < self._room or key in self.full_at:
            return key
        if now - self._swept >= SWEEP_SECONDS or self._room < self._most:
            self._sweep(now)
        return key if len(self.full_at) < self._room else f"crowd {crc32(key.encode()) % CROWD}"

    def _sweep(self, now: float) -> None:
        """Forget those that are full: a new one is the same."""
        self.full_at = {key: full_at for key, full_at in self.full_at.items() if full_at > now}
        self._room = min(self._most, max(CROWD, 2 * len(self.full_at)))
        self._swept = now


def owing(buckets: Sequence[Bucket], full_in: Sequence[float]) -> Taken | None:
    """Which of them owes the most, in time, if any does."""
    waits = [each.allowance.wait(seconds, 0) for each, seconds in zip(buckets, full_in, strict=True)]
    wait = max(waits, default=0.0)
    return Taken(full_in, buckets[waits.index(wait)], wait) if wait > 0 else None
