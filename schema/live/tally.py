"""What the live operations of a process did, counted where it happens at the cost of an addition; whoever scrapes
reads it.
"""

from bisect import bisect_left
from time import time

from db.events import Position
from schema.live.frames import EndReason

LAG_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the lag's buckets; the last one is open."""


class Tally:
    """``delivered`` and ``skipped`` are frames, one for each client; ``ended`` subscriptions by reason; ``kept`` bytes
    of frames in the tails of all runs.
    """

    __slots__ = ("delivered", "ended", "kept", "lag_buckets", "lag_sum", "skipped")

    def __init__(self) -> None:
        self.delivered = self.skipped = self.kept = 0
        self.ended = dict.fromkeys(EndReason, 0)
        self.lag_buckets = [0] * (len(LAG_SECONDS) + 1)
        self.lag_sum = 0.0

    def left(self, position: Position) -> None:
        """The event's frame begins to go out to those who follow live."""
        lag = max(0.0, time() - position.ts.timestamp())
        self.lag_buckets[bisect_left(LAG_SECONDS, lag)] += 1
        self.lag_sum += lag
