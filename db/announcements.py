"""Announcements: reads by page and by ids, and the write that makes one."""

from collections.abc import Mapping, Sequence
from typing import Any

from db.changes import insert_row, insert_words
from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.lookups import rows_by_id
from db.pages import Page, PageRequest
from db.search import ANNOUNCEMENT_TEXT
from db.tables import announcement_terms, announcements
from db.tenancy import Row, TenantReader, TenantWriter
from db.words import WordSource

LISTING = Listing(
    "announcement",
    announcements,
    (WordSource("text", announcement_terms, "announcement_id", ANNOUNCEMENT_TEXT, columns=("text",)),),
)


async def page_of_announcements(
    reader: TenantReader, request: PageRequest, columns: Sequence[str] | None = None
) -> Page:
    return await page_of(reader, LISTING, request, columns)


async def has_announcements(reader: TenantReader, page: Page, *, ahead: bool) -> bool:
    return await has_rows(reader, LISTING, page, ahead=ahead)


async def count_of_announcements(reader: TenantReader, request: PageRequest) -> tuple[int, bool]:
    return await count_of(reader, LISTING, request)


async def announcements_by_id(
    reader: TenantReader | TenantWriter, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    return await rows_by_id(reader, announcements, ids, columns)


async def insert_announcement(writer: TenantWriter, announcement: Mapping[str, Any]) -> Row:  # Any: columns
    """Insert an announcement (all columns) with its words; answers the row."""
    row = await insert_row(writer, LISTING, announcement)
    await insert_words(writer, LISTING, row)
    return row
