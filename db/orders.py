"""Orders and their items: reads by page and by ids, and the writes that change them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    SmallInteger,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.types import Text, TypeEngine

from db.columns import selected
from db.events import Event, typed_image
from db.listings import Listing, count_of, has_rows, page_of
from db.lookups import rows_by_id
from db.pages import Page, PageRequest
from db.search import CUSTOMER_NAME, ORDER_TEXT, words_of
from db.statements import Statement, compile_statement
from db.tables import customer_terms, order_items, order_terms, orders
from db.tenancy import Row, TenantReader, TenantWriter
from db.words import WordSource

LISTING = Listing(
    "order",
    orders,
    (
        WordSource("text", order_terms, "order_id", ORDER_TEXT),
        WordSource("customer_name", customer_terms, "customer_id", CUSTOMER_NAME, link="customer_id"),
    ),
)
COLUMNS = tuple(column.name for column in orders.c if column.name != "tenant_id")
"""What a row of orders holds, and what the log keeps of it before and after a change."""


def typed_event(event: Event) -> Event:
    """The event with both images in the columns' types (the log keeps JSON)."""
    return replace(event, before=typed_image(orders, event.before), after=typed_image(orders, event.after))


async def page_of_orders(reader: TenantReader, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
    return await page_of(reader, LISTING, request, columns)


async def has_orders(reader: TenantReader, page: Page, *, ahead: bool) -> bool:
    return await has_rows(reader, LISTING, page, ahead=ahead)


async def count_of_orders(reader: TenantReader, request: PageRequest) -> tuple[int, bool]:
    return await count_of(reader, LISTING, request)


async def orders_by_id(
    reader: TenantReader | TenantWriter, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    return await rows_by_id(reader, orders, ids, columns)


async def items_of_orders(
    reader: TenantReader, order_ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, list[Row]]:
    """The items of each order, in line order; an order without items is not among the answers."""
    found: dict[str, list[Row]] = {}
    if order_ids:
        rows = await reader.fetch(_items(None if columns is None else tuple(columns)), ids=list(order_ids))
        for row in rows:
            found.setdefault(row["order_id"], []).append(row)
    return found


@lru_cache(maxsize=100)
def _items(columns: tuple[str, ...] | None) -> Statement:
    items = order_items
    return compile_statement(
        select(*selected(items, columns, ("order_id", "line")))
        .where(
            items.c.tenant_id == bindparam("tenant"),
            items.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))),
        )
        .order_by(items.c.order_id, items.c.line)
    )


_LOCK = compile_statement(
    select(*selected(orders, None))
    .where(orders.c.tenant_id == bindparam("tenant"), orders.c.id == bindparam("id"))
    .with_for_update()
)
_INSERT = compile_statement(
    insert(orders)
    .values({"tenant_id": bindparam("tenant"), **{name: bindparam(name) for name in COLUMNS}})
    .returning(*selected(orders, None))
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


def _insert_terms() -> Statement:
    terms = func.unnest(bindparam("terms", type_=ARRAY(Text))).column_valued("term")
    source = bindparam("source", ORDER_TEXT, type_=SmallInteger)
    values = select(
        bindparam("tenant", type_=Uuid(as_uuid=False)), bindparam("order_id", type_=Uuid(as_uuid=False)), source, terms
    )
    return compile_statement(insert(order_terms).from_select(["tenant_id", "order_id", "source", "term"], values))


_INSERT_ITEMS = _insert_items()
_INSERT_TERMS = _insert_terms()
_DELETE_TERMS = compile_statement(
    delete(order_terms).where(
        order_terms.c.tenant_id == bindparam("tenant"), order_terms.c.order_id == bindparam("order_id")
    )
)


async def lock_order(writer: TenantWriter, order_id: str) -> Row | None:
    """The order, held against other writers until the transaction ends; None when there is none."""
    rows = await writer.fetch(_LOCK, id=order_id)
    return rows[0] if rows else None


async def insert_order(
    writer: TenantWriter, order: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> Row:  # Any: columns
    """Insert an order (all of ``COLUMNS``) with its items and its words; answers the row."""
    rows = await writer.fetch(_INSERT, **order)
    columns = {name: [item[name] for item in items] for name in _ITEM_TYPES}
    await writer.fetch(_INSERT_ITEMS, order_id=order["id"], currency=order["currency"], **columns)
    await writer.fetch(_INSERT_TERMS, order_id=order["id"], terms=sorted(words_of(order["number"], order["notes"])))
    return rows[0]


async def update_order(
    writer: TenantWriter, order: Row, changes: Mapping[str, Any], now: datetime
) -> Row:  # Any: columns
    """Change columns of a locked order; its version grows by one and its time never goes back. Answers the row as
    it is now.
    """
    statement = _update(tuple(sorted(changes)))
    rows = await writer.fetch(statement, id=order["id"], updated_at=max(now, order["updated_at"]), **changes)
    if "notes" in changes:
        await writer.fetch(_DELETE_TERMS, order_id=order["id"])
        await writer.fetch(
            _INSERT_TERMS, order_id=order["id"], terms=sorted(words_of(order["number"], changes["notes"]))
        )
    return rows[0]


@lru_cache(maxsize=100)
def _update(columns: tuple[str, ...]) -> Statement:
    values = {name: bindparam(name, type_=orders.c[name].type) for name in (*columns, "updated_at")}
    return compile_statement(
        update(orders)
        .where(orders.c.tenant_id == bindparam("tenant"), orders.c.id == bindparam("id", type_=Uuid(as_uuid=False)))
        .values({**values, "version": orders.c.version + 1})
        .returning(*selected(orders, None))
    )
