"""A clock that tests move by hand."""

from datetime import datetime, timedelta

from db.clock import utc_now


class HandClock:
    """Stands still at the moment it was made, until it is moved."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """``advance(minutes=5)``: the words of ``timedelta``."""
        self.now += timedelta(**by)
