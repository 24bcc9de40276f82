"""What can be asked of the audit trail: a tenant's whole trail, and what became of one row.

It is read where all of it is: others than the tenant's writers add to it, whom no position of the log tells of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import db.audit as rows
from db.announcements import LISTING as ANNOUNCEMENTS
from db.customers import LISTING as CUSTOMERS
from db.events import Image, typed_image
from db.filters import All, Test
from db.orders import LISTING as ORDERS
from db.pages import Page, PageRequest
from db.products import LISTING as PRODUCTS
from db.scopes import EVERY_ROW
from db.tenancy import Row
from resolvers.context import ReadContext

_TABLES = {listing.noun: listing.table for listing in (ORDERS, CUSTOMERS, PRODUCTS, ANNOUNCEMENTS)}


async def list_audit(ctx: ReadContext, request: PageRequest) -> Page:
    """A record tells of rows that a narrower scope does not reach: within one it is what the caller did."""
    if ctx.principal.scope != EVERY_ROW:
        own = Test("actor_id", "eq", ctx.principal.user_id)
        request = replace(request, where=own if request.where is None else All([own, request.where]))
    return await rows.page_of_audit(ctx.newest, request)


async def count_audit(ctx: ReadContext, request: PageRequest) -> tuple[int, bool]:
    return await rows.count_of_audit(ctx.newest, request)


async def has_audit(ctx: ReadContext, page: Page, *, ahead: bool) -> bool:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return await rows.has_audit(ctx.newest, page, ahead=ahead)


async def users_by_id(ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None) -> dict[str, Row]:
    """Who did what, for all records at once: whoever acted in the tenant is known to it, a member still or not."""
    found = await ctx.database.directory.users_by_id(ids)
    return {row["id"]: row for row in found}


def history_of(public_id: str, request: PageRequest) -> PageRequest:
    """The page's request, of the changes of one row alone."""
    return replace(request, where=All([Test("entity_id", "eq", public_id), Test("changes", "is_null", False)]))


def images_in(entity: str | None, changes: Mapping[str, Any]) -> tuple[Image, Image]:  # Any: JSON
    """The columns of a record's ``changes`` before and after, as their types say."""
    table = _TABLES.get(entity or "")
    before = {name: pair[0] for name, pair in changes.items()}
    after = {name: pair[1] for name, pair in changes.items()}
    if table is None:
        return before, after
    return typed_image(table, before) or {}, typed_image(table, after) or {}
