"""The outlet: what one connection is told, by one operation (distinct connections mode) or by many (single).

Theory of operation
- It holds feeds, not frames. When a feed wakes it, or the wire has room again, it takes what is ready and writes it;
  while the wire is full it takes nothing, so that nothing is queued for a client that does not read.
- All durable feeds of a connection share one cursor: the least of the positions that they are done with. Frames are
  told in the order of the log, up to there; those that one event causes go out in one write, and only the last of
  them carries the cursor. A cut may repeat an event, it never loses one. Which operation comes last changes with every
  event, so that each of them learns a cursor now and then.
- With one operation the bytes of a frame are made once and shared by every connection that carries it.
- The first bytes wait until it is known where in the log it begins (``placed``): a client may act on them.
- ``id:`` moves on a ping when the log moved without a match, and never past a frame that was not written, nor past
  what is still to come of an operation (``web/sse/last_id.py``). One that comes in further back moves it back first.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import structlog

from schema.live.feed import Feed, placed
from schema.live.frames import GONE, Ending, EndReason, Frame
from web.sse.last_id import LastId, least_done
from web.sse.lots import NOTHING_YET, end_of_lot
from web.sse.messages import OPENING, complete_of, ping, retry
from web.sse.told import GRAPHQL_SSE, named_event_of
from web.sse.wires import Wire

EVERYTHING = 1_000_000
STALLED = Ending(EndReason.STALLED)
_log = structlog.get_logger()


class Outlet:
    """``attach`` the wire, ``add`` feeds, and wait for ``over``; then ``aclose``. All calls from the loop's thread.

    With ``single`` it carries many operations, each by name, and goes on without any; else exactly one, and is over
    with it. ``ended`` is told the name of each operation that ended by itself.
    """

    __slots__ = (
        "_again",
        "_busy",
        "_closing",
        "_early",
        "_ended",
        "_feeds",
        "_joining",
        "_placing",
        "_single",
        "_wire",
        "full_since",
        "last_id",
        "over",
        "words",
        "written",
    )

    def __init__(self, *, single: bool = False, ended: Callable[[str], None] | None = None) -> None:
        self.over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        """Why it ends; the response's last chunk is still to come."""
        self.full_since: float | None = None
        """When the wire became full; None while it has room."""
        self.written = 0.0
        """When something was written last, on the monotonic clock."""
        self.last_id = LastId()
        self._single, self.words = single, GRAPHQL_SSE
        self._ended = ended
        self._feeds: dict[str, Feed] = {}
        self._joining: list[Feed] = []
        self._wire: Wire | None = None
        self._busy = self._again = False
        self._closing: set[asyncio.Task[None]] | None = None
        self._placing: asyncio.Event | None = None
        self._early: tuple[Ending, bytes] | None = None  # how it was ended before there was a wire to tell it on

    @property
    def names(self) -> list[str]:
        """The operations that run now."""
        return list(self._feeds)

    @property
    def feeds(self) -> list[Feed]:
        """What it carries now."""
        return list(self._feeds.values())

    @property
    def full(self) -> bool:
        return self.full_since is not None

    async def placed(self, seconds: float) -> None:
        """Before the wire is attached: wait until it is known where all that it carries begins, or that it is over; no
        longer than so many seconds.
        """
        self._placing = asyncio.Event()
        self._tell_placed()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._placing.wait()
        self._placing = None

    def attach(self, wire: Wire) -> None:
        """Write the first bytes, and from now on whatever there is."""
        self._wire = wire
        wire.open(self._room, self._gone)
        self._write(OPENING)
        self.flush()
        if self._early is not None:
            self.end(*self._early)

    def add(self, feed: Feed, name: str = "") -> None:
        """Carry one operation more; ``name`` is its id in single connection mode, not in use."""
        if name in self._feeds:
            raise ValueError("an operation of this name runs already")
        self._feeds[name] = feed
        if self._single and feed.durable:
            self._joining.append(feed)
        feed.listen(self.flush, self._queued, moves=self._single)

    async def remove(self, name: str, ending: Ending = GONE) -> bool:
        """Stop an operation; its client is told no more of it. False when there is none of that name."""
        feed = self._feeds.pop(name, None)
        if feed is not None:
            await feed.aclose(ending)
            self.flush()
        return feed is not None

    def free_id(self) -> None:
        """What held the last id back is here, or comes no more."""
        if self.last_id.free():
            self.flush()

    def flush(self) -> None:
        """Write what is ready, as far as there is room."""
        if self._busy:
            self._again = True
            return
        if self._wire is None or self.over.done():
            self._tell_placed()
            return
        self._busy = True
        try:
            self._drain()
        except Exception as error:  # nothing but this connection may suffer
            _log.error("unexpected_error", exc_info=error)
            self.end(Ending(EndReason.FAILED))
        finally:
            self._busy = False

    def ping(self) -> None:
        """Break the silence; move the client's cursor if it moved."""
        written = self.written
        self.flush()  # an id never goes before a frame that is ready
        if self._wire is None or self.full or self.over.done() or self.written != written:
            return
        self._write(ping(self._moved_id()))

    def farewell(self, milliseconds: int) -> bytes:
        """When to come back, and from where: from what was written, not from what waits for room."""
        self.flush()
        moved = None if self.full or self._wire is None else self._moved_id()
        return retry(milliseconds, moved or self.last_id.text)

    def end(self, ending: Ending, last: bytes = b"") -> None:
        """The connection is over, with ``last`` as its last bytes; one that has no wire yet, as soon as it has."""
        if self._wire is None:
            self._early = self._early or (ending, last)
            self._tell_placed()
        elif not self.over.done():
            if last:
                self._write(last)
            self.over.set_result(ending)

    async def aclose(self) -> None:
        """Free all that it carried."""
        self.end(GONE)
        ended, early = self.over.done() and not self.over.cancelled(), self._early
        ending = self.over.result() if ended else GONE if early is None else early[0]
        feeds, self._feeds = self._feeds, {}
        for feed in feeds.values():
            await feed.aclose(ending)
        if self._closing:
            await asyncio.wait(self._closing)
        if self._wire is not None:
            await self._wire.aclose()

    def _drain(self) -> None:
        while not self.full and not self.over.done():
            self._again = False
            data = self._collect_many() if self._single else self._collect_one()
            if data:
                self._write(data)
            self._settle()
            if not data and not self._again:
                return

    def _collect_one(self) -> bytes:
        for feed in self._feeds.values():
            frames = feed.take()
            if not frames:
                return self._first_id()
            self.last_id.text = frames[-1].cursor or self.last_id.text
            return b"".join(map(self.words.event, frames))
        return b""

    def _collect_many(self) -> bytes:
        """The next of what all durable feeds are done with, event by event."""
        upto = end_of_lot(self._feeds.values())
        place = self._place() if self._joining and upto != NOTHING_YET else b""
        events: dict[int, list[tuple[str, Frame]]] = {}
        for name, feed in list(self._feeds.items()):
            for frame in feed.take(upto, EVERYTHING):
                events.setdefault(frame.position.seq if frame.position else -1, []).append((name, frame))
        return place + b"".join(self._told_together(seq, events[seq]) for seq in sorted(events)) or self._first_id()

    def _place(self) -> bytes:
        """Where the client is, before anything is told of operations that came in: when it knows no id yet, and when
        they are behind the one that it knows.
        """
        places = [(feed.told.seq, feed.told_cursor) for feed in self._joining if feed.told is not None]
        self._joining.clear()
        seq, cursor = min(places, default=(-1, None))
        if cursor is None or (self.last_id.text is not None and seq >= self.last_id.seq):
            return b""
        moved = self.last_id.move(seq, cursor)
        return b"" if moved is None else ping(moved)

    def _told_together(self, seq: int, frames: list[tuple[str, Frame]]) -> bytes:
        """The frames of one event; the last carries the cursor: of the operation that learned one longest ago, which is
        the first of those that run.
        """
        if len(frames) > 1:
            places = {name: place for place, (name, _) in enumerate(frames)}
            name = next(name for name in self._feeds if name in places)
            frames.append(frames.pop(places[name]))
            self._feeds[name] = self._feeds.pop(name)
        parts = []
        for place, (name, frame) in enumerate(frames, 1):
            cursor = frame.cursor if place == len(frames) else None
            moved = None if cursor is None else self.last_id.move(seq, cursor)
            parts.append(named_event_of(name, frame, cursor, moved))
        return b"".join(parts)

    def _settle(self) -> None:
        """Tell the ends of those that are over."""
        for name, feed in list(self._feeds.items()):
            ending = feed.ending
            if ending is None or self.over.done():
                continue
            last = self.words.last(ending, feed, name if self._single else None)
            if not self._single or not ending.completes:
                self.end(ending, last + (self.words.complete if ending.completes else b""))
                return
            del self._feeds[name]
            self._write(last + complete_of(name))
            self._close(feed, ending)
            if self._ended is not None:
                self._ended(name)

    def _first_id(self) -> bytes:
        """A client that drops before any event must know where it was; a feed that woke us while we took from it has
        gone on elsewhere, and frames come first.
        """
        if self._again or self.last_id.text is not None or (moved := self._moved_id()) is None:
            return b""
        return ping(moved)

    def _moved_id(self) -> str | None:
        """The id that the client is to know from now on; None when there is nothing to tell."""
        seq, cursor = least_done(self._feeds.values())
        return None if cursor is None else self.last_id.move(seq, cursor)

    def _tell_placed(self) -> None:
        if self._placing is not None and (self._early is not None or all(map(placed, self._feeds.values()))):
            self._placing.set()

    def _write(self, data: bytes) -> None:
        if self._wire is None:
            return
        self.written = monotonic()
        if not self._wire.write(data):
            self.full_since = self.written

    def _room(self) -> None:
        self.full_since = None
        self.flush()

    def _gone(self) -> None:
        self.end(GONE)

    def _queued(self) -> int:
        return 0 if self._wire is None else self._wire.queued()

    def _close(self, feed: Feed, ending: Ending) -> None:
        task = asyncio.ensure_future(feed.aclose(ending))
        self._closing = self._closing or set()
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
