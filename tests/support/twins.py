"""Every function of the db floor that takes a door, called so that it asks for rows of two tenants at once.

A call answers facts: what it let its caller know. They are empty when it let nothing be known.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from db import announcements, audit, changes, customers, events, listings, lookups, nested, orders, overview, products
from db.events import Position
from db.filters import All, Test
from db.list_statements import Listing
from db.pages import Key, Page, PageRequest, SortKey
from db.tables import products as products_table
from db.tenancy import Row, TenantReader
from tests.support.plant import MINE, NOON, THEIRS, planted

Facts = set[object]
Ask = Callable[[TenantReader], Awaitable[Facts]]
MODULES = (announcements, audit, changes, orders, customers, products, lookups, listings, nested, events, overview)
BEGINNING = Position(0, NOON.replace(year=1970))
EVERY_ID = "f" * 32
EVENING = NOON + timedelta(hours=8)
"""All of mine is older, all of theirs is newer."""
BY_TIME = PageRequest((SortKey("created_at"),), 500)
FILTERED = PageRequest(BY_TIME.order, 500, where=All([Test("version", "gte", 1), Test("id", "ne", EVERY_ID)]))


def ids_of(table: str) -> list[str]:
    """The ids of both tenants' rows."""
    return [row["id"] for tenant in (MINE, THEIRS) for row in planted(tenant)[table]]


@dataclass(frozen=True, slots=True)
class Read:
    """One call of one function."""

    function: str
    ask: Ask
    scene: str = ""

    def __str__(self) -> str:
        return f"{self.function} {self.scene}".strip()


def _searched(word: str, *sources: str) -> PageRequest:
    return PageRequest(BY_TIME.order, 500, words=(word,), sources=frozenset(sources))


def _page(page: Callable[..., Awaitable[Page]], request: PageRequest, *given: Listing) -> Ask:
    async def ask(reader: TenantReader) -> Facts:
        return {row["id"] for row in (await page(reader, *given, request)).rows}

    return ask


def _count(count: Callable[..., Awaitable[tuple[int, bool]]], request: PageRequest, *given: Listing) -> Ask:
    async def ask(reader: TenantReader) -> Facts:
        number, _ = await count(reader, *given, request)
        return {number} if number else set()

    return ask


def _has(has: Callable[..., Awaitable[bool]], order: SortKey, key: Key, *given: Listing) -> Ask:
    """Whether rows stand past a key that all of mine stand before and all of theirs stand past."""
    page = Page(PageRequest((order,), 5, before=key), [], more=False)

    async def ask(reader: TenantReader) -> Facts:
        return {"rows"} if await has(reader, *given, page, ahead=True) else set()

    return ask


def _by_id(table: str, by_id: Callable[..., Awaitable[dict[str, Row]]]) -> Ask:
    async def ask(reader: TenantReader) -> Facts:
        return set(await by_id(reader, ids_of(table)))

    return ask


async def _product_with_sku(reader: TenantReader) -> Facts:
    """Both tenants have one of each number."""
    found = await products.product_with_sku(reader, planted(MINE)["products"][0]["sku"])
    return set() if found is None else {found}


async def _orders_of_customers(reader: TenantReader) -> Facts:
    pages = await orders.orders_of_customers(reader, ids_of("customers"), BY_TIME)
    return {row["id"] for page in pages.values() for row in page.rows}


async def _count_of_orders_of_customers(reader: TenantReader) -> Facts:
    return _counted(await orders.count_of_orders_of_customers(reader, ids_of("customers"), BY_TIME))


async def _pages_of(reader: TenantReader) -> Facts:
    pages = await nested.pages_of(reader, orders.LISTING, "customer_id", ids_of("customers"), BY_TIME)
    return {row["id"] for page in pages.values() for row in page.rows}


async def _counts_of(reader: TenantReader) -> Facts:
    return _counted(await nested.counts_of(reader, orders.LISTING, "customer_id", ids_of("customers"), BY_TIME))


def _counted(counts: dict[str, tuple[int, bool]]) -> Facts:
    """Whom there is anything of."""
    return {(key, number) for key, (number, _) in counts.items() if number}


async def _rows_by_id(reader: TenantReader) -> Facts:
    return set(await lookups.rows_by_id(reader, products_table, ids_of("products")))


async def _rows_pointed_at(reader: TenantReader) -> Facts:
    return set(await lookups.rows_pointed_at(reader, products_table, ids_of("products")))


async def _items_of_orders(reader: TenantReader) -> Facts:
    return {
        row["product_id"] for rows in (await orders.items_of_orders(reader, ids_of("orders"))).values() for row in rows
    }


async def _events_after(reader: TenantReader) -> Facts:
    return {event.entity_id for event in await events.events_after(reader, BEGINNING, 100)}


async def _numbered_events_after(reader: TenantReader) -> Facts:
    found, number = await events.numbered_events_after(reader, BEGINNING, 100)
    return {event.entity_id for event in found} | ({number} if number else set())


async def _order_sums(reader: TenantReader) -> Facts:
    found = await overview.order_sums(reader, [NOON - timedelta(days=300), NOON + timedelta(days=1)])
    return {*found.sums} | ({found.position} if found.position is not None else set())


async def _head_of(reader: TenantReader) -> Facts:
    head = await events.head_of(reader)
    return set() if head is None else {head.seq}


async def _numbered_head_of(reader: TenantReader) -> Facts:
    head, number = await events.numbered_head_of(reader)
    return set() if head is None and not number else {head, number}


READS = (
    Read("page_of_orders", _page(orders.page_of_orders, BY_TIME)),
    Read("page_of_orders", _page(orders.page_of_orders, FILTERED), "filtered"),
    Read("page_of_orders", _page(orders.page_of_orders, _searched("zoe", "text")), "by its words"),
    Read("page_of_orders", _page(orders.page_of_orders, _searched("zoe", "customer_name")), "by its customer"),
    Read("has_orders", _has(orders.has_orders, SortKey("total"), (10**8, EVERY_ID))),
    Read("count_of_orders", _count(orders.count_of_orders, FILTERED)),
    Read("count_of_orders", _count(orders.count_of_orders, _searched("zoe", "text", "customer_name")), "by words"),
    Read("orders_of_customers", _orders_of_customers),
    Read("count_of_orders_of_customers", _count_of_orders_of_customers),
    Read("pages_of", _pages_of),
    Read("counts_of", _counts_of),
    Read("orders_by_id", _by_id("orders", orders.orders_by_id)),
    Read("items_of_orders", _items_of_orders),
    Read("page_of_customers", _page(customers.page_of_customers, BY_TIME)),
    Read(
        "page_of_customers",
        _page(customers.page_of_customers, _searched("zoe", "name", "email")),
        "by words",
    ),
    Read("has_customers", _has(customers.has_customers, SortKey("email"), ("c9@b", EVERY_ID))),
    Read("count_of_customers", _count(customers.count_of_customers, BY_TIME)),
    Read("customers_by_id", _by_id("customers", customers.customers_by_id)),
    Read("customers_pointed_at", _by_id("customers", customers.customers_pointed_at)),
    Read("page_of_products", _page(products.page_of_products, BY_TIME)),
    Read("page_of_products", _page(products.page_of_products, _searched("sku", "text")), "by words"),
    Read("has_products", _has(products.has_products, SortKey("price"), (10**8, EVERY_ID))),
    Read("count_of_products", _count(products.count_of_products, BY_TIME)),
    Read("product_with_sku", _product_with_sku),
    Read("products_by_id", _by_id("products", products.products_by_id)),
    Read("page_of_announcements", _page(announcements.page_of_announcements, BY_TIME)),
    Read("page_of_announcements", _page(announcements.page_of_announcements, _searched("zoe", "text")), "by words"),
    Read("has_announcements", _has(announcements.has_announcements, SortKey("created_at"), (EVENING, EVERY_ID))),
    Read("count_of_announcements", _count(announcements.count_of_announcements, BY_TIME)),
    Read("announcements_by_id", _by_id("announcements", announcements.announcements_by_id)),
    Read("page_of_audit", _page(audit.page_of_audit, BY_TIME)),
    Read("has_audit", _has(audit.has_audit, SortKey("created_at"), (EVENING, EVERY_ID))),
    Read("count_of_audit", _count(audit.count_of_audit, BY_TIME)),
    Read("rows_by_id", _rows_by_id),
    Read("rows_pointed_at", _rows_pointed_at),
    Read("page_of", _page(listings.page_of, BY_TIME, orders.LISTING)),
    Read("has_rows", _has(listings.has_rows, SortKey("total"), (10**8, EVERY_ID), orders.LISTING)),
    Read("count_of", _count(listings.count_of, BY_TIME, orders.LISTING)),
    Read("events_after", _events_after),
    Read("numbered_events_after", _numbered_events_after),
    Read("order_sums", _order_sums),
    Read("head_of", _head_of),
    Read("numbered_head_of", _numbered_head_of),
)
_WRITTEN = ("order", "customer", "product", "row")
WRITES = frozenset(f"{verb}_{noun}" for verb in ("lock", "insert", "update") for noun in _WRITTEN) | {
    "insert_words",
    "insert_announcement",
}
"""Those that take a writer alone have tests of their own."""
