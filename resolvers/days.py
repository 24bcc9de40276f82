"""A range of whole days in somebody's time zone, as moments between which orders are summed."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from resolvers.errors import InvalidInput

MAX_DAYS = 400
USUAL_DAYS = 30
_QUARTER = 15 * 60
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")


@dataclass(frozen=True, slots=True)
class TimeRange:
    """What is asked for: the days that the time from ``start`` until before ``end`` touches. Without an end: until now;
    without a start: ``USUAL_DAYS`` of them.
    """

    start: datetime | None = None
    end: datetime | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Days:
    """The days, and the moments at which each begins; the last moment is the end of the last day."""

    dates: tuple[date, ...]
    bounds: tuple[datetime, ...]

    def hold(self, moment: datetime) -> bool:
        return self.bounds[0] <= moment < self.bounds[-1]


def days_of(asked: TimeRange, now: datetime) -> Days:
    """Raises InvalidInput for an unknown zone, a range without a day, and one of more than ``MAX_DAYS``."""
    zone = zone_of(asked.zone)
    try:
        end = asked.end or max(now, asked.start or now) + timedelta(microseconds=1)
        last = (end - timedelta(microseconds=1)).astimezone(zone).date()
        first = last - timedelta(days=USUAL_DAYS - 1) if asked.start is None else asked.start.astimezone(zone).date()
        if asked.start is not None and asked.start >= end:
            raise InvalidInput("The range ends before it begins.")
        count = (last - first).days + 1
        if count > MAX_DAYS:
            raise InvalidInput(f"A range has at most {MAX_DAYS} days.")
        dates = tuple(first + timedelta(days=place) for place in range(count))
        return Days(dates, tuple(_midnight(day, zone) for day in (*dates, last + timedelta(days=1))))
    except OverflowError:
        raise InvalidInput("The range is out of range.") from None


@lru_cache(maxsize=1_000)
def zone_of(name: str) -> ZoneInfo:
    """Raises InvalidInput for a name that is not in the time zone database."""
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is no zone
        pass
    raise InvalidInput("The time zone is a name such as Europe/Berlin.")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where the day begins. Sums are kept by the quarter of an hour: on one every zone's days have begun since 1972."""
    seconds = int(datetime.combine(day, time(), zone).timestamp())
    return datetime.fromtimestamp(seconds - seconds % _QUARTER, UTC)
