"""Until when an operation may keep the database: its statements are cancelled there, none is begun after."""

import asyncio

from db.errors import QueryTimeout

LATE = "The operation ran past its deadline."
EARLY = 0.01
"""The share of the time in which a statement that begins needs no timer of ours, where PostgreSQL has one."""


class Deadline:
    """A point in the event loop's time. ``bounded``: PostgreSQL itself ends any statement after so many seconds."""

    __slots__ = ("_at", "_early", "_loop")

    def __init__(self, seconds: float, *, bounded: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._at = now + seconds
        self._early = now + seconds * EARLY if bounded else now - 1

    def left(self) -> float | None:
        """Seconds until then, for a statement that begins now; None where PostgreSQL sees to it. Raises QueryTimeout
        when there are none.
        """
        now = self._loop.time()
        if now < self._early:
            return None
        if now >= self._at:
            raise QueryTimeout(LATE)
        return self._at - now


def seconds_left(deadline: Deadline | None) -> float | None:
    """The same, as the driver takes it. Raises QueryTimeout."""
    return None if deadline is None else deadline.left()
