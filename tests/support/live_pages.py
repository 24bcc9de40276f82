"""A reader of a live page: holds the rows that it was told of, and changes them as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from db.clock import utc_now
from db.hub import Hub
from db.listings import page_of
from db.orders import LISTING
from db.pages import PageRequest
from db.scopes import EVERY_ROW, RowScope
from db.windows import Op
from resolvers.context import ReadContext
from resolvers.live_pages import RowChange, Told, follow_page
from resolvers.newcomers import Newcomers
from tests.support.plant import ACTOR, Floor
from tests.support.waiting import until

Columns = dict[str, Any]  # Any: one value per column


def context_of(floor: Floor, hub: Hub, scope: RowScope = EVERY_ROW) -> ReadContext:
    """An admin of my tenant reads, or somebody with a narrower scope."""
    identity = (ACTOR.user_id or "", "a@mine.example", "A", floor.mine, "mine", "Mine")
    principal = Principal(*identity, ("admin",), PermissionSet.of(SYSTEM_ROLES["admin"]), "v1", None, None, scope=scope)
    return ReadContext(principal, floor.reader(scope=scope), floor.database, hub, utc_now, "req-test")


class LiveRows:
    """Follows a page. ``rows`` is what a client would show; ``told`` counts what it was told, ``moves`` how far the log
    is done with.
    """

    def __init__(self, floor: Floor, hub: Hub, request: PageRequest, scope: RowScope = EVERY_ROW) -> None:
        self.request = request
        self.scope = scope
        self.newcomers = Newcomers()
        self.rows: list[Columns] = []
        self.frames: list[list[RowChange]] = []
        self.pages = 0
        self.done = -1
        self.lose = 0
        """How many times reading fails from now on."""
        self.task = asyncio.create_task(self._follow(floor, hub))

    async def begun(self) -> None:
        """Ask for a page, and wait for it."""
        newcomer = self.newcomers.join()
        await until(lambda: newcomer.done() or self.task.done())
        if self.task.done():
            self.task.result()

    async def caught_up(self, floor: Floor, hub: Hub) -> list[str]:
        """Wait until everything that is logged is done with; the ids."""
        head = await hub.head(floor.mine)
        await until(lambda: self.done >= head.seq or self.task.done())
        if self.task.done():
            self.task.result()
        return [row["id"] for row in self.rows]

    async def _follow(self, floor: Floor, hub: Hub) -> None:
        following = follow_page(LISTING, context_of(floor, hub, self.scope), self.request, self.newcomers, self._moved)
        async with aclosing(following):
            async for told in following:
                if self.lose:
                    self.lose -= 1
                    told.lost = True
                    continue
                self._take(told)
                if told.reader is not None:
                    page = await page_of(told.reader, LISTING, self.request)
                    assert self.rows == list(map(dict, page.rows)), "what was told is not the page as of its position"

    def _moved(self, position: Any) -> None:  # Any: a Position
        assert position.seq >= self.done
        self.done = position.seq

    def _take(self, told: Told) -> None:
        assert told.position.seq > self.done or told.page is not None
        if told.page is not None:
            assert told.changes == ()
            self._begin(told)
            return
        assert told.changes
        self.frames.append(list(told.changes))
        for change in told.changes:
            apply(self.rows, change)

    def _begin(self, told: Told) -> None:
        page = told.page
        assert page is not None
        if told.newcomers is None or not self.pages:
            self.rows = list(map(dict, page.rows))
        self.pages += 1
        for newcomer in told.newcomers or ():
            if not newcomer.done():
                newcomer.set_result(None)


def apply(rows: list[Columns], change: RowChange) -> None:
    """One step, as the protocol says."""
    if change.op is Op.LEAVE:
        assert rows.pop(change.index)["id"] == change.id
        assert (change.row, change.image) == (None, None)
        return
    if change.op is Op.ENTER:
        assert change.row is not None
        rows.insert(change.index, dict(change.row))
        return
    (place,) = (place for place, row in enumerate(rows) if row["id"] == change.id)
    row = rows.pop(place) if change.op is Op.MOVE else rows[place]
    if change.image is not None:
        row.update({name: change.image[name] for name in change.columns})
    if change.op is Op.MOVE:
        rows.insert(change.index, row)
    assert rows[change.index] is row


@asynccontextmanager
async def live_rows(
    floor: Floor, hub: Hub, request: PageRequest, scope: RowScope = EVERY_ROW
) -> AsyncIterator[LiveRows]:
    """Begun, and ended with the block."""
    live = LiveRows(floor, hub, request, scope)
    try:
        await live.begun()
        yield live
    finally:
        live.task.cancel()
        await asyncio.gather(live.task, return_exceptions=True)
