"""What can be asked of customers."""

from collections.abc import Sequence

import db.customers as rows
from db.pages import Page, PageRequest
from db.tenancy import Row
from resolvers.context import ReadContext


async def list_customers(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
    return await rows.page_of_customers(ctx.reader, request, columns)


async def count_customers(ctx: ReadContext, request: PageRequest) -> tuple[int, bool]:
    return await rows.count_of_customers(ctx.reader, request)


async def has_customers(ctx: ReadContext, page: Page, *, ahead: bool) -> bool:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return await rows.has_customers(ctx.reader, page, ahead=ahead)


async def customers_by_id(ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None) -> dict[str, Row]:
    """The customers with these ids, for all parents at once."""
    return await rows.customers_by_id(ctx.reader, ids, columns)
