"""Feeds and wires that a test holds in its hand."""

from collections.abc import Callable
from datetime import UTC, datetime

from db.events import Position
from schema.live.frames import Ending, Frame

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class Given:
    """A durable feed of frames that a test puts in. Its cursors are ``c`` and the number."""

    durable = True
    note: bytes | None = None

    def __init__(self, at: int | None = None) -> None:
        self.frames: list[Frame] = []
        self.over: Ending | None = None
        self.closed: Ending | None = None
        self.at = at
        self.begin = at
        """Where it was taken from last, or began."""
        self.fails = False
        self.wake: Callable[[], None] = lambda: None

    @property
    def done(self) -> Position | None:
        return None if self.at is None else Position(self.at, MOMENT)

    @property
    def cursor(self) -> str | None:
        return None if self.at is None else f"c{self.at}"

    @property
    def told(self) -> Position | None:
        return None if self.begin is None else Position(self.begin, MOMENT)

    @property
    def told_cursor(self) -> str | None:
        return None if self.begin is None else f"c{self.begin}"

    @property
    def ending(self) -> Ending | None:
        return None if self.frames else self.over

    def give(self, *payloads: bytes, last: Ending | None = None) -> None:
        """Frames, each of the next event; with ``last`` it is over after them."""
        for payload in payloads:
            self.at = (self.at or 0) + 1
            self.frames.append(Frame(payload, f"c{self.at}", Position(self.at, MOMENT)))
        self.over = last
        self.wake()

    def move(self, at: int, payload: bytes | None = None) -> None:
        """The log is done with up to there, with a frame of that event or without."""
        self.begin = at if self.at is None else self.begin
        if payload is not None:
            self.frames.append(Frame(payload, f"c{at}", Position(at, MOMENT)))
        self.at = at
        self.wake()

    def listen(self, wake: Callable[[], None], queued: Callable[[], int], *, moves: bool = False) -> None:
        self.wake = wake
        wake()

    def take(self, upto: int | None = None, limit: int = 64) -> list[Frame]:
        if self.fails:
            raise LookupError("unforeseen")
        ready = [frame for frame in self.frames if upto is None or (frame.position and frame.position.seq <= upto)]
        taken = ready[:limit]
        self.frames = self.frames[len(taken) :]
        for frame in taken:
            self.begin = self.begin if frame.position is None else frame.position.seq
        return taken

    def end_of(self, frames: int, size: int) -> int | None:
        waiting = [frame.position.seq for frame in self.frames if frame.position]
        return waiting[frames - 1] if len(waiting) >= frames else None

    async def aclose(self, ending: Ending) -> None:
        self.closed = self.closed or ending


class Line:
    """A wire that keeps what was written, write by write; it is full when a test says so."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.has_room = True
        self.closed = False
        self.room: Callable[[], None] = lambda: None
        self.gone: Callable[[], None] = lambda: None

    @property
    def body(self) -> bytes:
        return b"".join(self.writes)

    def open(self, room: Callable[[], None], gone: Callable[[], None]) -> None:
        self.room, self.gone = room, gone

    def write(self, data: bytes) -> bool:
        self.writes.append(data)
        return self.has_room

    def queued(self) -> int:
        return 0

    async def drain(self) -> None:
        pass

    def abort(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True
