"""Orders and their items: reads by page and by ids, and the writes that change them."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Integer, SmallInteger, Uuid, any_, bindparam, func, insert, select
from sqlalchemy.types import Text, TypeEngine

from db.changes import insert_row, insert_words, lock_row, update_row
from db.joins import reading
from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.lookups import rows_by_id
from db.nested import counts_of, pages_of
from db.pages import Page, PageRequest
from db.search import CUSTOMER_NAME, ORDER_TEXT
from db.statements import Statement, compile_statement
from db.tables import customer_terms, order_items, order_terms, orders
from db.tenancy import Row, TenantReader, TenantWriter
from db.words import WordSource

LISTING = Listing(
    "order",
    orders,
    (
        WordSource("text", order_terms, "order_id", ORDER_TEXT, columns=("number", "notes")),
        WordSource("customer_name", customer_terms, "customer_id", CUSTOMER_NAME, link="customer_id"),
    ),
)
COLUMNS = tuple(column.name for column in orders.c if column.name != "tenant_id")
"""What a row of orders holds, and what the log keeps of it before and after a change."""


def page_of_orders(reader: TenantReader, request: PageRequest, columns: Sequence[str] | None = None) -> Awaitable[Page]:
    return page_of(reader, LISTING, request, columns)


def has_orders(reader: TenantReader, page: Page, *, ahead: bool) -> Awaitable[bool]:
    return has_rows(reader, LISTING, page, ahead=ahead)


def count_of_orders(reader: TenantReader, request: PageRequest) -> Awaitable[tuple[int, bool]]:
    return count_of(reader, LISTING, request)


def orders_of_customers(
    reader: TenantReader, customer_ids: Sequence[str], request: PageRequest, columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Page]]:
    """A page of the orders of each customer."""
    return pages_of(reader, LISTING, "customer_id", customer_ids, request, columns)


def count_of_orders_of_customers(
    reader: TenantReader, customer_ids: Sequence[str], request: PageRequest
) -> Awaitable[dict[str, tuple[int, bool]]]:
    return counts_of(reader, LISTING, "customer_id", customer_ids, request)


def orders_by_id(
    reader: TenantReader | TenantWriter, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    return rows_by_id(reader, orders, ids, columns)


async def items_of_orders(
    reader: TenantReader, order_ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, list[Row]]:
    """The items of each order, in line order; an order without items is not among the answers."""
    found: dict[str, list[Row]] = {}
    if order_ids:
        rows = await reader.fetch(_items(None if columns is None else tuple(columns)), ids=list(order_ids))
        last, own = None, list[Row]()
        for row in rows:  # an order's items follow each other
            order_id = row["order_id"]
            if order_id != last:
                last, own = order_id, []
                found[order_id] = own
            own.append(row)
    return found


@lru_cache(maxsize=100)
def _items(columns: tuple[str, ...] | None) -> Statement:
    items = order_items
    return compile_statement(
        reading(items, columns, ("order_id", "line"))
        .where(
            items.c.tenant_id == bindparam("tenant"),
            items.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))),
        )
        .order_by(items.c.order_id, items.c.line)
    )


_ITEM_TYPES: dict[str, TypeEngine[Any]] = {
    "line": SmallInteger(),
    "product_id": Uuid(as_uuid=False),
    "sku": Text(),
    "quantity": Integer(),
    "unit_price": BigInteger(),
    "total": BigInteger(),
}


def _insert_items() -> Statement:
    given = (
        func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _ITEM_TYPES.items()))
        .table_valued(*_ITEM_TYPES)
        .render_derived()
    )
    values = select(
        bindparam("tenant", type_=Uuid(as_uuid=False)),
        bindparam("order_id", type_=Uuid(as_uuid=False)),
        *given.c,
        bindparam("currency", type_=Text),
    )
    return compile_statement(
        insert(order_items).from_select(["tenant_id", "order_id", *_ITEM_TYPES, "currency"], values)
    )


_INSERT_ITEMS = _insert_items()


async def lock_order(writer: TenantWriter, order_id: str) -> Row | None:
    """The order, held against other writers until the transaction ends; None when there is none."""
    return await lock_row(writer, LISTING, order_id)


async def insert_order(
    writer: TenantWriter, order: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> Row:  # Any: columns
    """Insert an order (all of ``COLUMNS``) with its items and its words; answers the row."""
    row = await insert_row(writer, LISTING, order)
    columns = {name: [item[name] for item in items] for name in _ITEM_TYPES}
    await writer.fetch(_INSERT_ITEMS, order_id=order["id"], currency=order["currency"], **columns)
    await insert_words(writer, LISTING, row)
    return row


async def update_order(
    writer: TenantWriter, order: Row, changes: Mapping[str, Any], now: datetime
) -> Row:  # Any: columns
    """Change columns of a locked order; its version grows by one and its time never goes back. Answers the row as
    it is now.
    """
    return await update_row(writer, LISTING, order, changes, now)
