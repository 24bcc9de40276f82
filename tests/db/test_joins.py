"""Columns of the rows that a key leads to come with the row itself, whatever list it is read from."""

from dataclasses import replace

import pytest

from db.columns import printed
from db.joins import joins, through
from db.orders import items_of_orders, orders_by_id, orders_of_customers, page_of_orders
from db.pages import PageRequest, SortKey
from tests.support.plant import THEIRS, Floor

NAME, MADE = through("customer_id", "name"), through("customer_id", printed("created_at"))
NEWEST = PageRequest((SortKey("created_at", descending=True),), 7)
ORDERS = {
    "newest first": NEWEST.order,
    "by a time that may be missing": (SortKey("due_at", nulls_last=False), SortKey("total", descending=True)),
    "by status": (SortKey("status"), SortKey("created_at", descending=True)),
}


def names(floor: Floor) -> dict[str, str]:
    return {row["id"]: row["name"] for row in floor.rows["customers"]}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("backward", [False, True])
async def test_a_page_with_columns_of_other_rows_is_the_same_page(floor: Floor, order: str, backward: bool) -> None:
    request = replace(NEWEST, order=ORDERS[order], backward=backward, offset=0 if backward else 3)
    plain = await page_of_orders(floor.reader(), request, ("id", "customer_id"))
    page = await page_of_orders(floor.reader(), request, ("customer_id", NAME))
    assert [row["id"] for row in page.rows] == [row["id"] for row in plain.rows]
    assert [row[NAME] for row in page.rows] == [names(floor)[row["customer_id"]] for row in plain.rows]
    assert (page.more, [page.key_of(row) for row in page.rows]) == (plain.more, [plain.key_of(r) for r in plain.rows])
    after = replace(request, offset=0, after=page.key_of(page.rows[2]), backward=False)
    assert [row["id"] for row in (await page_of_orders(floor.reader(), after, ("id", NAME))).rows] == [
        row["id"] for row in (await page_of_orders(floor.reader(), after, ("id",))).rows
    ]


async def test_a_search_that_walks_reads_them_too(floor: Floor) -> None:
    searched = replace(NEWEST, words=("ring",), sources=frozenset({"text"}))
    page = await page_of_orders(floor.reader(), searched, ("notes", "customer_id", NAME))
    assert page.rows
    assert all(row[NAME] == names(floor)[row["customer_id"]] for row in page.rows)


async def test_rows_by_id_and_pages_of_parents_read_them_too(floor: Floor) -> None:
    mine = floor.rows["orders"][0]
    found = await orders_by_id(floor.reader(), [mine["id"]], ("number", "customer_id", NAME, MADE))
    assert found[mine["id"]][NAME] == names(floor)[mine["customer_id"]]
    assert found[mine["id"]][MADE].endswith("Z")
    below = await orders_of_customers(floor.reader(), [mine["customer_id"]], NEWEST, ("customer_id", NAME))
    assert {row[NAME] for row in below[mine["customer_id"]].rows} == {names(floor)[mine["customer_id"]]}


async def test_items_come_in_their_order_with_their_products(floor: Floor) -> None:
    products = {row["id"]: row["name"] for row in floor.rows["products"]}
    keys = [row["id"] for row in floor.rows["orders"][:20]]
    found = await items_of_orders(floor.reader(), keys, ("line", "product_id", through("product_id", "name")))
    for rows in found.values():
        assert [row["line"] for row in rows] == sorted(row["line"] for row in rows)
        assert all(row[through("product_id", "name")] == products[row["product_id"]] for row in rows)


async def test_nothing_of_another_tenant_is_joined(floor: Floor) -> None:
    theirs = await floor.raw("SELECT id FROM orders WHERE tenant_id = $1 LIMIT 1", THEIRS.hex, tenant=THEIRS)
    ids = [theirs[0]["id"].hex, floor.rows["orders"][0]["id"]]
    assert list(await orders_by_id(floor.reader(), ids, ("customer_id", NAME))) == ids[1:]


async def test_a_column_that_is_no_foreign_key_leads_nowhere(floor: Floor) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        await orders_by_id(floor.reader(), [floor.rows["orders"][0]["id"]], (through("number", "name"),))


def test_only_names_through_a_key_join() -> None:
    assert joins(("id", NAME))
    assert not joins(("id", "name"))
    assert not joins(None)
