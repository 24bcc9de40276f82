"""Products: reads by page and by ids, and the writes that change them."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from db.changes import insert_row, insert_words, lock_row, update_row
from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.lookups import rows_by_id
from db.pages import Page, PageRequest
from db.search import PRODUCT_TEXT, with_name_key
from db.statements import compile_statement
from db.tables import product_terms, products
from db.tenancy import Row, TenantReader, TenantWriter
from db.words import WordSource

LISTING = Listing(
    "product", products, (WordSource("text", product_terms, "product_id", PRODUCT_TEXT, columns=("name", "sku")),)
)


def page_of_products(
    reader: TenantReader, request: PageRequest, columns: Sequence[str] | None = None
) -> Awaitable[Page]:
    return page_of(reader, LISTING, request, columns)


def has_products(reader: TenantReader, page: Page, *, ahead: bool) -> Awaitable[bool]:
    return has_rows(reader, LISTING, page, ahead=ahead)


def count_of_products(reader: TenantReader, request: PageRequest) -> Awaitable[tuple[int, bool]]:
    return count_of(reader, LISTING, request)


def products_by_id(
    reader: TenantReader | TenantWriter, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    return rows_by_id(reader, products, ids, columns)


async def product_with_sku(reader: TenantReader | TenantWriter, sku: str) -> str | None:
    """The id of the product that has this stock keeping unit; None when it is free."""
    rows = await reader.fetch(_WITH_SKU, sku=sku)
    return rows[0]["id"] if rows else None


async def lock_product(writer: TenantWriter, product_id: str) -> Row | None:
    """The product, held against other writers until the transaction ends; None when there is none."""
    return await lock_row(writer, LISTING, product_id)


async def insert_product(writer: TenantWriter, product: Mapping[str, Any]) -> Row:  # Any: columns
    """Insert a product (all columns but those made of others) with its words; answers the row. Raises Duplicate."""
    row = await insert_row(writer, LISTING, with_name_key(product))
    await insert_words(writer, LISTING, row)
    return row


async def update_product(
    writer: TenantWriter, product: Row, changes: Mapping[str, Any], now: datetime
) -> Row:  # Any: columns
    """Change columns of a locked product and the words of its texts; answers the row as it is now. Raises Duplicate."""
    return await update_row(writer, LISTING, product, with_name_key(changes), now)


_WITH_SKU = compile_statement(
    select(products.c.id).where(products.c.tenant_id == bindparam("tenant"), products.c.sku == bindparam("sku"))
)
