"""Customers: reads by page and by ids, and the writes that change them."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any

from db.changes import insert_row, insert_words, lock_row, update_row
from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.lookups import rows_by_id, rows_pointed_at
from db.pages import Page, PageRequest
from db.search import CUSTOMER_EMAIL, CUSTOMER_NAME, with_name_key
from db.tables import customer_terms, customers
from db.tenancy import Row, TenantReader, TenantWriter
from db.words import WordSource

LISTING = Listing(
    "customer",
    customers,
    (
        WordSource("name", customer_terms, "customer_id", CUSTOMER_NAME, columns=("name",)),
        WordSource("email", customer_terms, "customer_id", CUSTOMER_EMAIL, columns=("email",)),
    ),
)


def page_of_customers(
    reader: TenantReader, request: PageRequest, columns: Sequence[str] | None = None
) -> Awaitable[Page]:
    return page_of(reader, LISTING, request, columns)


def has_customers(reader: TenantReader, page: Page, *, ahead: bool) -> Awaitable[bool]:
    return has_rows(reader, LISTING, page, ahead=ahead)


def count_of_customers(reader: TenantReader, request: PageRequest) -> Awaitable[tuple[int, bool]]:
    return count_of(reader, LISTING, request)


def customers_by_id(
    reader: TenantReader | TenantWriter, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    return rows_by_id(reader, customers, ids, columns)


def customers_pointed_at(
    reader: TenantReader, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    """Those that rows within the reader's scope name, themselves within it or not."""
    return rows_pointed_at(reader, customers, ids, columns)


async def lock_customer(writer: TenantWriter, customer_id: str) -> Row | None:
    """The customer, held against other writers until the transaction ends; None when there is none."""
    return await lock_row(writer, LISTING, customer_id)


async def insert_customer(writer: TenantWriter, customer: Mapping[str, Any]) -> Row:  # Any: columns
    """Insert a customer (all columns but those made of others) with its words; answers the row."""
    row = await insert_row(writer, LISTING, with_name_key(customer))
    await insert_words(writer, LISTING, row)
    return row


async def update_customer(
    writer: TenantWriter, customer: Row, changes: Mapping[str, Any], now: datetime
) -> Row:  # Any: columns
    """Change columns of a locked customer and the words of its texts; answers the row as it is now."""
    return await update_row(writer, LISTING, customer, with_name_key(changes), now)
