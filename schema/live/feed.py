"""The one interface between a live operation and the connection that carries it. No I/O, no task per member."""

from collections.abc import Callable
from typing import Protocol

from db.events import Position
from schema.live.frames import COMPLETED, Ending, Frame

LOT_FRAMES = 64
LOT_BYTES = 65_536
"""What goes out to one client at once, about: more would wait for it where it is nobody else's."""


class Feed(Protocol):
    """One operation of one client.

    A feed pulls nothing and queues nothing: it knows a position, and what is new past it is taken when the connection
    has room. Whoever carries it calls ``listen`` once, then ``take`` whenever it was woken or has room again, and
    ``aclose`` at last, however it ended. All calls come from the event loop's own thread.
    """

    @property
    def durable(self) -> bool:
        """Whether its frames are events of the log, so that it counts for the connection's cursor."""

    @property
    def note(self) -> bytes | None:
        """What each of its frames says in ``extensions``, also its last one; None for nothing."""

    @property
    def done(self) -> Position | None:
        """The newest position that nothing before or at is still to come for: past all frames that are ready, taken or
        not. None until the place where it begins is known.
        """

    @property
    def cursor(self) -> str | None:
        """``done`` as text, to resume after; None as ``done``."""

    @property
    def told(self) -> Position | None:
        """The newest position that was taken, or where it begins; None until that is known, and where it is no event of
        the log.
        """

    @property
    def told_cursor(self) -> str | None:
        """``told`` as text."""

    @property
    def ending(self) -> Ending | None:
        """Why it is over, once everything before its end was taken; None while it goes on. No frame comes after."""

    def listen(self, wake: Callable[[], None], queued: Callable[[], int], *, moves: bool = False) -> None:
        """``wake`` is called, synchronously, when there is something to take, when the feed is over, when the place
        where it begins is known, and with ``moves`` each time that ``done`` moves. ``queued`` answers the bytes that
        wait for the client, for those who look on.
        """

    def take(self, upto: int | None = None, limit: int = LOT_FRAMES) -> list[Frame]:
        """The next frames in order, at most ``limit``, of events up to the sequence number ``upto``; without it, of not
        many more than ``LOT_BYTES``. They count as told from now on. Empty when there are none (yet).
        """

    def end_of(self, frames: int, size: int) -> int | None:
        """The number of the event with which so many frames, or frames of so many bytes, are there to be taken. None
        where there is less, and where the newest replace the others.
        """

    async def aclose(self, ending: Ending) -> None:
        """Leave, and free all that only this feed needed. ``ending`` says why, unless the feed ended by itself before.
        Once closed it gives nothing more; closing again does nothing.
        """


def placed(feed: Feed) -> bool:
    """Whether it is known where it begins: what happens from now on it tells. What is over, or no part of the log,
    begins nowhere.
    """
    return not feed.durable or feed.done is not None or feed.ending is not None


class Told:
    """A feed of what is known already: the result of a query or a mutation, or a refusal."""

    durable = False
    note: bytes | None = None
    done: Position | None = None
    cursor: str | None = None
    told: Position | None = None
    told_cursor: str | None = None

    def __init__(self, *frames: Frame, ending: Ending = COMPLETED) -> None:
        self._frames = list(frames)
        self._ending = ending

    @property
    def ending(self) -> Ending | None:
        return None if self._frames else self._ending

    def listen(self, wake: Callable[[], None], queued: Callable[[], int], *, moves: bool = False) -> None:
        wake()

    def end_of(self, frames: int, size: int) -> int | None:
        return None

    def take(self, upto: int | None = None, limit: int = LOT_FRAMES) -> list[Frame]:
        taken, self._frames = self._frames[:limit], self._frames[limit:]
        return taken

    async def aclose(self, ending: Ending) -> None:
        self._frames = []
