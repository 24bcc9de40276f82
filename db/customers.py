"""Customers: reads by page and by ids."""

from collections.abc import Sequence

from db.listings import Listing, count_of, has_rows, page_of
from db.lookups import rows_by_id
from db.pages import Page, PageRequest
from db.search import CUSTOMER_EMAIL, CUSTOMER_NAME
from db.tables import customer_terms, customers
from db.tenancy import Row, TenantReader, TenantWriter
from db.words import WordSource

LISTING = Listing(
    "customer",
    customers,
    (
        WordSource("name", customer_terms, "customer_id", CUSTOMER_NAME),
        WordSource("email", customer_terms, "customer_id", CUSTOMER_EMAIL),
    ),
)


async def page_of_customers(reader: TenantReader, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
    return await page_of(reader, LISTING, request, columns)


async def has_customers(reader: TenantReader, page: Page, *, ahead: bool) -> bool:
    return await has_rows(reader, LISTING, page, ahead=ahead)


async def count_of_customers(reader: TenantReader, request: PageRequest) -> tuple[int, bool]:
    return await count_of(reader, LISTING, request)


async def customers_by_id(
    reader: TenantReader | TenantWriter, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    return await rows_by_id(reader, customers, ids, columns)
