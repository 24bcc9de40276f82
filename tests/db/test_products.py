"""Products are read by page, by id, by count and by their words."""

from db.pages import PageRequest, SortKey
from db.products import count_of_products, has_products, page_of_products, products_by_id
from db.search import words_of
from tests.support.plant import MINE, PRODUCTS, THEIRS, Floor, planted

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
