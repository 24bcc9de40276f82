"""The statements that callers cause who reach every row: ``python -m tests.golden.unscoped`` writes them out.

No database is asked: a door of its own remembers what it is sent, and answers whatever leads on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

from db import announcements, customers, orders, overview, products
from db.changes import insert_row, insert_words, lock_row, update_row
from db.filters import All, Some, Test
from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.lookups import rows_by_id
from db.pages import Page, PageRequest, SortKey
from db.scopes import EVERY_ROW
from db.statements import Statement
from db.tenancy import Row, TenantId, TenantReader, TenantWriter
from tests.support.plant import NOON

FILE = Path(__file__).with_suffix(".sql")
KEY = "0" * 32
ORDERS = (
    (SortKey("created_at", descending=True),),
    (SortKey("updated_at"), SortKey("created_at", descending=True)),
)
WHERE = All([Test("created_at", "gte", NOON), Some([Test("id", "in", [KEY]), Test("version", "ne", 3)])])


class _Anything:
    """A row with a value in every column, and any number in every place."""

    def __getitem__(self, name: str | int) -> Any:  # Any: what the column might hold
        if isinstance(name, int):
            return 30_000
        return NOON if name.endswith("_at") else None if name in {"ts", "seq"} else 1 if name == "version" else "x"


class Door:
    """Stands in for a reader and a writer. Words are common or rare, as ``common`` says."""

    def __init__(self, *, common: bool = True) -> None:
        self.sent: list[str] = []
        self.tenant, self.scope = TenantId(KEY), EVERY_ROW
        self._common = common

    async def fetch(self, statement: Statement, **values: object) -> list[Any]:  # Any: rows
        self.sent.append(statement.sql)
        if statement.sql.startswith("EXPLAIN"):
            return [['[{"Plan": {"Plan Rows": 1}}]']]
        if "count(*)" in statement.sql:
            words = sum(name[0] == "w" and name[1:].isdigit() for name in values)
            return [[30_000 if self._common else 5] * (words or 1)]
        return [_Anything()] if statement.sql.startswith(("INSERT", "UPDATE")) or "FOR UPDATE" in statement.sql else []


Asked = Callable[[TenantReader], Awaitable[object]]


def _requests(listing: Listing) -> list[PageRequest]:
    sources = frozenset(source.name for source in listing.sources)
    found = []
    for order in ORDERS:
        whole, key = PageRequest(order, 25), (*(NOON for _ in order), KEY)
        found += [
            whole,
            PageRequest(order, 25, after=key, where=WHERE),
            PageRequest(order, 25, backward=True, before=key),
            PageRequest(order, 25, offset=100),
            PageRequest(order, 25, words=("a", "b"), sources=sources),
            PageRequest(order, 25, words=("a",), sources=sources, where=WHERE),
        ]
    return found


def _lists() -> list[Asked]:
    asked: list[Asked] = []
    for module in (orders, customers, products, announcements):
        listing = module.LISTING
        for request in _requests(listing) if module is orders else _requests(listing)[:6:4]:
            page = Page(request, [], more=False)
            asked += [
                partial(page_of, listing=listing, request=request, columns=("id", "version")),
                partial(page_of, listing=listing, request=request),
                partial(count_of, listing=listing, request=request),
                partial(has_rows, listing=listing, page=page, ahead=True),
                partial(has_rows, listing=listing, page=page, ahead=False),
            ]
        asked += [
            partial(rows_by_id, table=listing.table, ids=[KEY]),
            partial(rows_by_id, table=listing.table, ids=[KEY], columns=("id", "version")),
        ]
    return asked


def _others() -> list[Asked]:
    by_time, key = PageRequest(ORDERS[0], 3), (NOON, KEY)
    return [
        lambda door: orders.items_of_orders(door, [KEY]),
        lambda door: orders.orders_of_customers(door, [KEY], by_time),
        lambda door: orders.orders_of_customers(door, [KEY], PageRequest(ORDERS[1], 3, where=WHERE)),
        lambda door: orders.orders_of_customers(door, [KEY], PageRequest(ORDERS[0], 3, after=key)),
        lambda door: orders.count_of_orders_of_customers(door, [KEY], by_time),
        lambda door: overview.order_sums(door, [NOON, NOON.replace(hour=18)]),
        lambda door: overview.order_sums(door, [NOON, NOON.replace(minute=15)]),
    ]


async def _write(writer: TenantWriter) -> None:
    for module in (orders, customers, products):
        row = await lock_row(writer, module.LISTING, KEY)
        await update_row(writer, module.LISTING, cast(Row, row), {"version": 2}, NOON)
        made = await insert_row(writer, module.LISTING, {})
        await insert_words(writer, module.LISTING, made)


async def statements() -> list[str]:
    """Each text once, in the order in which it is first sent."""
    found: dict[str, None] = {}
    for common in (True, False):
        for ask in [*_lists(), *_others()]:
            door = Door(common=common)
            with suppress(IndexError, TypeError):  # the answer means nothing, once everything is asked
                await ask(cast(TenantReader, door))
            found |= dict.fromkeys(door.sent)
    door = Door()
    await _write(cast(TenantWriter, door))
    return [*found, *door.sent]


async def written() -> str:
    """The file's text."""
    return "".join(f"{sql};\n\n" for sql in await statements())


if __name__ == "__main__":
    FILE.write_text(asyncio.run(written()), encoding="utf-8")
