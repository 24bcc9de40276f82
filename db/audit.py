"""Reads of the audit trail. Its records are written elsewhere (``db/audit_records.py`` says where)."""

from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.pages import Page, PageRequest
from db.tables import audit_log
from db.tenancy import TenantReader

LISTING = Listing("audit", audit_log, ())


async def page_of_audit(reader: TenantReader, request: PageRequest) -> Page:
    return await page_of(reader, LISTING, request)


async def has_audit(reader: TenantReader, page: Page, *, ahead: bool) -> bool:
    return await has_rows(reader, LISTING, page, ahead=ahead)


async def count_of_audit(reader: TenantReader, request: PageRequest) -> tuple[int, bool]:
    return await count_of(reader, LISTING, request)
