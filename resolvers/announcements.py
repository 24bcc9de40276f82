"""A tenant's bell: what is announced to everybody in it, and the rule by which it is rung."""

from collections.abc import Sequence
from functools import partial

import db.announcements as rows
from db.ids import new_id
from db.pages import Page, PageRequest
from db.tenancy import Row
from resolvers.changes import record, refuse, text_faults
from resolvers.context import ReadContext, WriteContext
from resolvers.events import Watch, watch

NOTICE = "NOTICE"
LONGEST = {"text": 1_000}

watch_announcements: Watch = partial(watch, rows.LISTING)


async def list_announcements(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
    return await rows.page_of_announcements(ctx.reader, request, columns)


async def count_announcements(ctx: ReadContext, request: PageRequest) -> tuple[int, bool]:
    return await rows.count_of_announcements(ctx.reader, request)


async def has_announcements(ctx: ReadContext, page: Page, *, ahead: bool) -> bool:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return await rows.has_announcements(ctx.reader, page, ahead=ahead)


async def announcements_by_id(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    """The announcements with these ids, for all parents at once."""
    return await rows.announcements_by_id(ctx.reader, ids, columns)


async def announce(ctx: WriteContext, kind: str, text: str | None) -> Row:
    """Ring the bell; a notice needs a text, a day's beginning and end may have one. Raises Problems."""
    if text is not None or kind == NOTICE:
        refuse(list(text_faults({"text": text}, LONGEST)))
    async with ctx.write() as writer:
        now = ctx.clock()
        made = {
            "id": new_id(),
            "version": 1,
            "created_by": writer.actor.holder_id,
            "created_at": now,
            "updated_at": now,
        }
        row = await rows.insert_announcement(writer, {"kind": kind, "text": text, **made})
        record(writer, "announcement.made", "announce", None, row)
    return row
