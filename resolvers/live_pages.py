"""A page of any list and what becomes of it, each told as of one position of the log.

Theory of operation
- A page begins with a snapshot: rows, their relations and the log's head are read from one point in time. From there
  on only the window is kept: the keys of its rows (``db/windows.py``).
- The judge says of each event what it makes of the window. Rows that change, move or leave without making room for
  another are told from the event alone. Else the window is read again, from a snapshot at whatever the head is by then;
  the events up to it say which columns changed, and the difference of the two windows is told at once.
- So windows form a chain, and what is told leads from each to the next. A snapshot for newcomers is made in the same
  chain, after what leads up to it: what is told from then on fits theirs.
- A database that is away is waited for. A log that no longer reaches back to the window begins a new chain, with a
  snapshot for everybody.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import structlog

from db.errors import CursorExpired, Unavailable
from db.events import Event, Image, Position, events_after, numbered_head_of, typed_event
from db.hub import NOTHING
from db.list_statements import Listing
from db.listings import page_of
from db.lookups import rows_by_id
from db.pages import Page, PageRequest
from db.scopes import seen_within
from db.tenancy import Row, TenantReader
from db.windows import Change, Op, Touched, Window, touch
from resolvers.context import ReadContext
from resolvers.newcomers import Newcomer, Newcomers, arrivals

AGAIN_SECONDS = 0.5
"""Until an absent database is asked again."""
FAR = 2_000
"""Events that a window may lie behind; past them everybody begins anew."""
BATCH = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happened to a row of the page. ``index`` as in ``db.windows.Change``."""

    op: Op
    id: str
    index: int
    row: Row | None = None
    """The row that entered."""
    columns: frozenset[str] = frozenset()
    """What changed of a row that was there before and still is."""
    image: Image | None = None
    """That row as it is now."""
    before: Image | None = None
    """And as it was when it was told last."""


@dataclass(slots=True)
class Told:
    """What is told at one position: a page to begin with, or the changes of the page before it."""

    position: Position
    reader: TenantReader | None
    """Reads as of the position, until the next is asked for; None where nothing needs reading."""
    page: Page | None = None
    newcomers: Sequence[Newcomer] | None = None
    """Whom the page is for; None: everybody, as the changes are."""
    changes: Sequence[RowChange] = ()
    lost: bool = False
    """To be set by whoever could not read through ``reader``: it is told again, from another snapshot."""


FollowPage = Callable[
    [ReadContext, PageRequest, Newcomers, Callable[[Position], None]],
    AsyncGenerator[Told, None],
]
"""``follow_page`` for one noun."""


async def follow_page(
    listing: Listing,
    ctx: ReadContext,
    request: PageRequest,
    newcomers: Newcomers,
    moved: Callable[[Position], None],
) -> AsyncGenerator[Told, None]:
    """A page for each newcomer and, for all, the changes of the first ``request.limit`` rows, for ever.

    ``moved`` is told each position that is done with, whether or not anything came of it. Raises BadValue,
    QueryTimeout. Closing it leaves the log at once.
    """
    chain = _Chain(ctx, listing, request, newcomers, moved)
    await newcomers.came()
    while True:
        with suppress(CursorExpired):
            async with aclosing(chain.read()) as beginning:
                async for told in beginning:
                    yield told
            async with aclosing(chain.follow()) as following:
                async for told in following:
                    yield told
            return
        chain.window = chain.now = None


@dataclass(slots=True)
class _Chain:
    ctx: ReadContext
    listing: Listing
    request: PageRequest
    newcomers: Newcomers
    moved: Callable[[Position], None]
    window: Window | None = None
    """As it was told last."""
    now: Window | None = None
    """As it is at ``seen``; None when it has to be read."""
    seen: Position = NOTHING
    """Up to where the events are in ``now`` and ``touched``, or of no concern."""
    touched: dict[str, Touched] = field(default_factory=dict)
    waiting: list[Newcomer] = field(default_factory=list)
    begun: bool = False

    async def follow(self) -> AsyncGenerator[Told, None]:
        """From the window on. Raises CursorExpired."""
        async with aclosing(arrivals(self.ctx, self.newcomers, self.seen)) as arriving:
            async for events, came in arriving:
                self._judge(events)
                reads = came or self.now is None
                async with aclosing(self.read() if reads else self._tell_judged()) as telling:
                    async for told in telling:
                        yield told

    async def read(self) -> AsyncGenerator[Told, None]:
        """Read the window again, as often as it takes, and tell what has become of it, and newcomers their page."""
        while True:
            self.waiting = [each for each in self.waiting if not each.done()] + self.newcomers.take()
            try:
                async with (
                    self.ctx.database.snapshot(self.ctx.principal.tenant, self.ctx.principal.scope) as reader,
                    aclosing(self._read(reader)) as reading,
                ):
                    async for told in reading:
                        yield told
                        if told.lost:
                            raise Unavailable
                return
            except Unavailable as error:
                _log.warning("live_page_not_read", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _read(self, reader: TenantReader) -> AsyncGenerator[Told, None]:
        found, number = await numbered_head_of(reader)
        head = found or NOTHING
        anew = self.window is None or head.seq - self.seen.seq > FAR
        whole = anew or bool(self.waiting)
        page = await page_of(reader, self.listing, self.request, None if whole else ("id",))
        later = Window(self.request, [page.key_of(row) for row in page.rows])
        changes = [] if anew else await self._read_changes(reader, head, later, page if whole else None)
        await self.ctx.hub.pass_fence(number)
        if changes:
            yield Told(head, reader, changes=changes)
        if anew and self.begun:
            yield Told(head, reader, page)
        self.seen, self.begun = head, True
        self._is_told(later)
        if self.waiting:
            yield Told(head, reader, page, tuple(self.waiting))
            self.waiting.clear()

    async def _tell_judged(self) -> AsyncGenerator[Told, None]:
        now = self.now
        if now is not None:
            changes = self._changes(now, {})
            if changes:
                yield Told(self.seen, None, changes=changes)
            self._is_told(now)

    def _is_told(self, window: Window) -> None:
        self.window = self.now = window
        self.touched.clear()
        self.moved(self.seen)

    async def _catch_up(self, reader: TenantReader, head: Position) -> None:
        """Judge what the log holds up to the snapshot's head and the hub has not told yet. Raises CursorExpired."""
        while self.seen.seq < head.seq:
            events = await events_after(reader, self.seen, BATCH)
            if not events or events[0].seq != self.seen.seq + 1:
                raise CursorExpired("The log no longer reaches back to the window.")
            self._judge(events)

    def _judge(self, events: Sequence[Event]) -> None:
        """Follow the events with the window. Those that are known already are passed over."""
        for logged in events:
            if logged.seq <= self.seen.seq or self.window is None:
                continue
            self.seen = Position(logged.seq, logged.ts)
            if logged.entity != self.listing.noun:
                continue
            seen = seen_within(self.ctx.principal.scope, self.listing.table, logged)
            if seen is None:
                continue
            event = typed_event(self.listing.table, seen)
            if self.now is not None:
                self.now = self.now.after(event)
            if event.entity_id in self.window.places:
                touch(self.touched, event)

    async def _read_changes(
        self, reader: TenantReader, head: Position, later: Window, page: Page | None
    ) -> list[RowChange]:
        """What leads from the window to a later one that was read; ``page`` has its whole rows, if they are known."""
        await self._catch_up(reader, head)
        if page is not None:
            return self._changes(later, {row["id"]: row for row in page.rows})
        entering = [] if self.window is None else [id_ for id_ in later.places if id_ not in self.window.places]
        return self._changes(later, await rows_by_id(reader, self.listing.table, entering))

    def _changes(self, later: Window, rows: Mapping[str, Row]) -> list[RowChange]:
        """What leads from the window to a later one; ``rows`` has those that enter."""
        window = self.window
        if window is None or (window is later and not self.touched):
            return []
        changes = [self._change(step, rows) for step in window.changes_to(later)]
        told = {change.id for change in changes}
        updates = [Change(Op.UPDATE, id_, place) for id_, place in later.places.items() if id_ in self.touched]
        return changes + [self._change(step, rows) for step in updates if step.id not in told]

    def _change(self, step: Change, rows: Mapping[str, Row]) -> RowChange:
        touched = self.touched.get(step.id)
        if step.op is Op.ENTER:
            return RowChange(step.op, step.id, step.index, rows[step.id])
        if step.op is Op.LEAVE or touched is None:
            return RowChange(step.op, step.id, step.index)
        columns = frozenset(touched.columns)
        return RowChange(step.op, step.id, step.index, None, columns, touched.image, touched.before)
