"""Products are read by page, by id, by count and by their words; written, they are found by their new words."""

from datetime import timedelta

from db.events import EventDraft
from db.ids import new_id
from db.pages import PageRequest, SortKey
from db.products import (
    count_of_products,
    has_products,
    insert_product,
    lock_product,
    page_of_products,
    product_with_sku,
    products_by_id,
    update_product,
)
from db.search import words_of
from tests.support.plant import MINE, NOON, PRODUCTS, THEIRS, Floor, planted

BY_NAME = PageRequest((SortKey("name_key"), SortKey("price", descending=True)), 4)
SEARCHED = PageRequest(BY_NAME.order, PRODUCTS, words=("lamp",), sources=frozenset({"text"}))
ROWS = planted(MINE)["products"]


async def test_a_page_holds_the_first_products_in_order(floor: Floor) -> None:
    page = await page_of_products(floor.reader(), BY_NAME, ("name",))
    right = sorted(ROWS, key=lambda row: row["id"])
    right = sorted(right, key=lambda row: row["price"], reverse=True)
    right = sorted(right, key=lambda row: row["name_key"])[:4]
    assert [row["id"] for row in page.rows] == [row["id"] for row in right]
    assert set(page.rows[0].keys()) == {"id", "name", "name_key", "price"}
    assert not await has_products(floor.reader(), page, ahead=False)
    assert await has_products(floor.reader(), page, ahead=True)


async def test_all_products_are_counted(floor: Floor) -> None:
    assert await count_of_products(floor.reader(), BY_NAME) == (PRODUCTS, False)


async def test_a_search_finds_the_products_that_have_the_word(floor: Floor) -> None:
    page = await page_of_products(floor.reader(), SEARCHED)
    right = {row["id"] for row in ROWS if SEARCHED.words[0] in words_of(row["name"])}
    assert right
    assert {row["id"] for row in page.rows} == right
    assert await count_of_products(floor.reader(), SEARCHED) == (len(right), False)


async def test_products_come_by_their_ids_and_foreign_ones_do_not(floor: Floor) -> None:
    theirs = planted(THEIRS)["products"][0]["id"]
    found = await products_by_id(floor.reader(), [ROWS[0]["id"], ROWS[1]["id"], theirs, "0" * 32], ("sku",))
    assert {key: row["sku"] for key, row in found.items()} == {row["id"]: row["sku"] for row in ROWS[:2]}


async def test_a_writer_reads_products_inside_its_transaction(floor: Floor) -> None:
    async with floor.writer() as writer:
        assert set(await products_by_id(writer, [ROWS[0]["id"]])) == {ROWS[0]["id"]}


async def test_a_stock_keeping_unit_is_taken_by_one_product_of_the_tenant_at_most(floor: Floor) -> None:
    assert await product_with_sku(floor.reader(), ROWS[3]["sku"]) == ROWS[3]["id"]
    assert await product_with_sku(floor.reader(), ROWS[3]["sku"].lower()) is None


async def test_a_new_product_and_a_renamed_one_are_found_by_name_and_sku(fresh_floor: Floor) -> None:
    new = {**fresh_floor.rows["products"][0], "id": new_id(), "name": "Ångström Quagga", "sku": "QUA-7"}
    del new["tenant_id"], new["name_key"]
    async with fresh_floor.writer() as writer:
        assert (await insert_product(writer, new))["name_key"] == "angstrom quagga"
        writer.record(EventDraft("product.created", "product", new["id"], 1, None, new))
    assert await _found(fresh_floor, "quagga", "qua") == [new["id"]]
    async with fresh_floor.writer() as writer:
        held = await lock_product(writer, new["id"])
        assert held is not None
        after = await update_product(writer, held, {"name": "Éloïse Zebra"}, NOON + timedelta(days=1))
        assert (after["name_key"], after["sku"]) == ("eloise zebra", "QUA-7")
        writer.record(EventDraft("product.updated", "product", new["id"], 2, new, new))
    assert await _found(fresh_floor, "quagga") == []
    assert await _found(fresh_floor, "zebra", "qua") == [new["id"]]


async def _found(floor: Floor, *words: str) -> list[str]:
    request = PageRequest(BY_NAME.order, PRODUCTS, words=words, sources=frozenset({"text"}))
    return [row["id"] for row in (await page_of_products(floor.reader(), request, ("id",))).rows]
