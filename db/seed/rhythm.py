"""When things happen in seeded data: two growing years with working days, quiet Sundays and a busy autumn.

Time is counted in whole milliseconds since 1970 (UTC).
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

HOURS = 730 * 24
HOUR_MS = 3_600_000
_WEEKDAY = (1.1, 1.15, 1.1, 1.05, 0.95, 0.4, 0.22)
_HOUR = (2, 1, 1, 1, 1, 3, 8, 20, 45, 70, 80, 75, 55, 65, 75, 72, 60, 45, 30, 22, 18, 14, 8, 4)
_MONTH = (0.85, 0.9, 1.0, 1.0, 1.02, 1.0, 0.9, 0.8, 1.05, 1.1, 1.35, 1.3)


def milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def as_text(ms: int) -> str:
    """ISO 8601 with its offset, as COPY reads it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


class Rhythm:
    """Spreads a share of all events over the two years that end at ``now``."""

    __slots__ = ("_cumulative", "_start", "_total")

    def __init__(self, now_ms: int) -> None:
        self._start = now_ms - HOURS * HOUR_MS
        first = datetime.fromtimestamp(self._start / 1000, UTC)
        weights = [_weight(first + timedelta(hours=hour), hour) for hour in range(HOURS)]
        self._cumulative = list(accumulate(weights, initial=0.0))
        self._total = self._cumulative[-1]

    def at(self, share: float) -> int:
        """The moment by which ``share`` (0 ≤ share < 1) of all events have happened; grows with ``share``."""
        target = share * self._total
        cumulative = self._cumulative
        hour = min(bisect_right(cumulative, target), HOURS) - 1
        inside = (target - cumulative[hour]) / (cumulative[hour + 1] - cumulative[hour])
        return self._start + int((hour + inside) * HOUR_MS)


def _weight(moment: datetime, hour: int) -> float:
    growth = 0.4 + hour / HOURS
    return growth * _WEEKDAY[moment.weekday()] * _HOUR[moment.hour] * _MONTH[moment.month - 1]


@lru_cache(maxsize=4)
def rhythm_until(now_ms: int) -> Rhythm:
    """The rhythm that ends at this moment (kept: its table takes 20 ms to make)."""
    return Rhythm(now_ms)
