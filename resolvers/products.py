"""What can be asked of products."""

from collections.abc import Sequence

import db.products as rows
from db.pages import Page, PageRequest
from db.tenancy import Row
from resolvers.context import ReadContext


async def list_products(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
    return await rows.page_of_products(ctx.reader, request, columns)


async def count_products(ctx: ReadContext, request: PageRequest) -> tuple[int, bool]:
    return await rows.count_of_products(ctx.reader, request)


async def has_products(ctx: ReadContext, page: Page, *, ahead: bool) -> bool:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return await rows.has_products(ctx.reader, page, ahead=ahead)


async def products_by_id(ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None) -> dict[str, Row]:
    """The products with these ids, for all parents at once."""
    return await rows.products_by_id(ctx.reader, ids, columns)
