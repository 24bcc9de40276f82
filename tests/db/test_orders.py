"""Orders and their items: what is written is what is read, found by its words, and versioned."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from db.errors import BadValue, Duplicate
from db.events import EventDraft
from db.ids import new_id
from db.orders import (
    COLUMNS,
    count_of_orders,
    insert_order,
    items_of_orders,
    lock_order,
    orders_by_id,
    page_of_orders,
    update_order,
)
from db.pages import PageRequest, SortKey
from db.statements import Statement
from db.tenancy import Row
from tests.support.plant import MINE, NOON, ORDERS, THEIRS, Floor, planted

EVENT = EventDraft("order.updated", "order", "0" * 32, 1, None, None)
Columns = dict[str, Any]  # Any: one value per column


def new_order(floor: Floor, **changes: object) -> Columns:
    made = new_id()
    order = {**floor.rows["orders"][0], "id": made, "number": f"260314-{made[-7:].upper()}", **changes}
    return {name: order[name] for name in COLUMNS}


def new_items(floor: Floor, count: int) -> list[Columns]:
    product = floor.rows["products"][0]
    item = {"product_id": product["id"], "sku": product["sku"], "quantity": 2, "unit_price": 50, "total": 100}
    return [{**item, "line": line} for line in range(1, count + 1)]


async def inserted(floor: Floor, order: Columns, items: list[Columns] | None = None) -> Row:
    async with floor.writer() as writer:
        row = await insert_order(writer, order, items or [])
        writer.record(EVENT)
    return row


async def changed(floor: Floor, order_id: str, **changes: object) -> Row:
    async with floor.writer() as writer:
        order = await lock_order(writer, order_id)
        assert order is not None
        row = await update_order(writer, order, changes, NOON + timedelta(days=300))
        writer.record(EVENT)
    return row


async def found_by(floor: Floor, *words: str) -> list[str]:
    request = PageRequest((SortKey("number"),), ORDERS, words=words, sources=frozenset({"text"}))
    return [row["id"] for row in (await page_of_orders(floor.reader(), request, ("id",))).rows]


async def test_an_order_is_read_as_it_was_written(fresh_floor: Floor) -> None:
    order = new_order(fresh_floor, notes="Crème 🎉", total=2**63 - 1)
    row = await inserted(fresh_floor, order)
    assert dict(row) == order
    assert {name: dict(r) for name, r in (await orders_by_id(fresh_floor.reader(), [order["id"]])).items()} == {
        order["id"]: order
    }


@pytest.mark.parametrize("count", [0, 1, 49])
async def test_its_items_are_read_in_line_order(fresh_floor: Floor, count: int) -> None:
    order, items = new_order(fresh_floor), new_items(fresh_floor, count)
    await inserted(fresh_floor, order, items[::-1])
    found = await items_of_orders(fresh_floor.reader(), [order["id"]])
    expected = {order["id"]: [{**item, "order_id": order["id"], "currency": "EUR"} for item in items]} if items else {}
    assert {key: [dict(row) for row in rows] for key, rows in found.items()} == expected


async def test_many_orders_items_come_in_one_answer(floor: Floor) -> None:
    ids = [row["id"] for row in planted(MINE)["orders"]]
    found = await items_of_orders(floor.reader(), ids, ("sku",))
    assert set(found) == set(ids)
    assert all([row["line"] for row in rows] == [1, 2] for rows in found.values())


async def test_ids_that_are_unknown_or_foreign_are_not_among_the_answers(floor: Floor) -> None:
    mine, theirs = planted(MINE)["orders"][0]["id"], planted(THEIRS)["orders"][0]["id"]
    assert set(await orders_by_id(floor.reader(), [mine, mine, theirs, "0" * 32])) == {mine}
    assert await orders_by_id(floor.reader(), []) == {}
    assert await items_of_orders(floor.reader(), [theirs, "0" * 32]) == {}
    assert await items_of_orders(floor.reader(), []) == {}


async def test_a_new_order_is_found_by_its_number_and_notes(fresh_floor: Floor) -> None:
    order = new_order(fresh_floor, number="260315-7K3M9QX", notes="Ask for Éloïse at №9")
    await inserted(fresh_floor, order)
    for words in (("260315",), ("7k3m9",), ("eloise", "no9"), ("ask", "260315")):
        assert order["id"] in await found_by(fresh_floor, *words)
    assert order["id"] not in await found_by(fresh_floor, "260315", "nobody")


async def test_changed_notes_are_found_by_their_new_words_only(fresh_floor: Floor) -> None:
    order = new_order(fresh_floor, number="260316-ABCDEFG", notes="uniquebefore shared")
    await inserted(fresh_floor, order)
    await changed(fresh_floor, order["id"], notes="uniqueafter shared")
    assert await found_by(fresh_floor, "uniquebefore") == []
    assert await found_by(fresh_floor, "uniqueafter", "shared", "260316") == [order["id"]]
    await changed(fresh_floor, order["id"], notes=None)
    assert await found_by(fresh_floor, "uniqueafter") == []
    assert await found_by(fresh_floor, "260316") == [order["id"]]


async def test_a_change_grows_the_version_by_one_and_touches_nothing_else(fresh_floor: Floor) -> None:
    order = new_order(fresh_floor)
    await inserted(fresh_floor, order)
    row = await changed(fresh_floor, order["id"], status="CANCELLED")
    moved = {"status": "CANCELLED", "version": 2, "updated_at": NOON + timedelta(days=300)}
    assert dict(row) == {**order, **moved}


async def test_the_time_of_a_change_never_goes_back(fresh_floor: Floor) -> None:
    order = new_order(fresh_floor, updated_at=NOON + timedelta(days=400))
    await inserted(fresh_floor, order)
    row = await changed(fresh_floor, order["id"], status="CANCELLED")
    assert row["updated_at"] == NOON + timedelta(days=400)


async def test_a_locked_order_is_held_against_other_writers(fresh_floor: Floor) -> None:
    order_id = fresh_floor.rows["orders"][0]["id"]
    impatient = Statement("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE NOWAIT", ("id",), {})
    async with fresh_floor.writer() as writer:
        await lock_order(writer, order_id)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await fresh_floor.reader().fetch(impatient, id=order_id)


async def test_an_order_that_does_not_exist_cannot_be_locked(floor: Floor) -> None:
    async with floor.writer() as writer:
        assert await lock_order(writer, "0" * 32) is None


async def test_a_number_that_is_taken_is_a_duplicate(fresh_floor: Floor) -> None:
    before = await count_of_orders(fresh_floor.reader(), PageRequest((SortKey("number"),), 1))
    with pytest.raises(Duplicate):
        await inserted(fresh_floor, new_order(fresh_floor, number=fresh_floor.rows["orders"][1]["number"]))
    assert await count_of_orders(fresh_floor.reader(), PageRequest((SortKey("number"),), 1)) == before


@pytest.mark.parametrize("changes", [{"notes": "a\0b"}, {"notes": "\ud800"}, {"total": 2**63}, {"customer_id": "xyz"}])
async def test_a_value_that_no_column_can_hold_leaves_nothing(fresh_floor: Floor, changes: Columns) -> None:
    order = new_order(fresh_floor, **changes)
    with pytest.raises(BadValue):
        await inserted(fresh_floor, order)
    assert await orders_by_id(fresh_floor.reader(), [order["id"]]) == {}


@pytest.mark.parametrize("changes", [{"status": "LOST"}, {"customer_id": "0" * 32}])
async def test_a_value_that_the_table_refuses_leaves_nothing(fresh_floor: Floor, changes: Columns) -> None:
    order = new_order(fresh_floor, **changes)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await inserted(fresh_floor, order)
    assert await orders_by_id(fresh_floor.reader(), [order["id"]]) == {}
