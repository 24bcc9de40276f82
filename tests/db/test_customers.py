"""Customers are read by page, by id, by count and by their words; written, they are found by their new words."""

from datetime import timedelta

from db.customers import (
    count_of_customers,
    customers_by_id,
    has_customers,
    insert_customer,
    lock_customer,
    page_of_customers,
    update_customer,
)
from db.events import EventDraft
from db.ids import new_id
from db.pages import PageRequest, SortKey
from db.search import words_of
from tests.support.plant import CUSTOMERS, MINE, NOON, THEIRS, Floor, planted

BY_NAME = PageRequest((SortKey("name_key"), SortKey("email", descending=True)), 4)
SEARCHED = PageRequest(BY_NAME.order, CUSTOMERS, words=("zoe",), sources=frozenset({"name"}))
ROWS = planted(MINE)["customers"]


async def test_a_page_holds_the_first_customers_in_order(floor: Floor) -> None:
    page = await page_of_customers(floor.reader(), BY_NAME, ("name",))
    right = sorted(ROWS, key=lambda row: row["id"])
    right = sorted(right, key=lambda row: row["email"], reverse=True)
    right = sorted(right, key=lambda row: row["name_key"])[:4]
    assert [row["id"] for row in page.rows] == [row["id"] for row in right]
    assert set(page.rows[0].keys()) == {"id", "name", "name_key", "email"}
    assert not await has_customers(floor.reader(), page, ahead=False)
    assert await has_customers(floor.reader(), page, ahead=True)


async def test_all_customers_are_counted(floor: Floor) -> None:
    assert await count_of_customers(floor.reader(), BY_NAME) == (CUSTOMERS, False)


async def test_a_search_finds_the_customers_that_have_the_word(floor: Floor) -> None:
    page = await page_of_customers(floor.reader(), SEARCHED)
    right = {row["id"] for row in ROWS if SEARCHED.words[0] in words_of(row["name"])}
    assert right
    assert {row["id"] for row in page.rows} == right
    assert await count_of_customers(floor.reader(), SEARCHED) == (len(right), False)


async def test_customers_come_by_their_ids_and_foreign_ones_do_not(floor: Floor) -> None:
    theirs = planted(THEIRS)["customers"][0]["id"]
    found = await customers_by_id(floor.reader(), [ROWS[0]["id"], ROWS[1]["id"], theirs, "0" * 32], ("email",))
    assert {key: row["email"] for key, row in found.items()} == {row["id"]: row["email"] for row in ROWS[:2]}


async def test_a_writer_reads_customers_inside_its_transaction(floor: Floor) -> None:
    async with floor.writer() as writer:
        assert set(await customers_by_id(writer, [ROWS[0]["id"]])) == {ROWS[0]["id"]}


async def test_a_new_customer_and_a_renamed_one_are_found_and_sorted_by_their_name(fresh_floor: Floor) -> None:
    new = {**fresh_floor.rows["customers"][0], "id": new_id(), "name": "Ångström Quagga", "email": "q@stripes.example"}
    del new["tenant_id"], new["name_key"]
    async with fresh_floor.writer() as writer:
        assert (await insert_customer(writer, new))["name_key"] == "angstrom quagga"
        writer.record(EventDraft("customer.created", "customer", new["id"], 1, None, new))
    assert await _found(fresh_floor, "name", "angstrom", "quagga") == await _found(fresh_floor, "email", "stripes")
    async with fresh_floor.writer() as writer:
        held = await lock_customer(writer, new["id"])
        assert held is not None
        after = await update_customer(writer, held, {"name": "Éloïse Zebra"}, NOON + timedelta(days=1))
        assert (after["name_key"], after["email"]) == ("eloise zebra", "q@stripes.example")
        writer.record(EventDraft("customer.updated", "customer", new["id"], 2, new, new))
    assert await _found(fresh_floor, "name", "quagga") == []
    assert await _found(fresh_floor, "name", "zebra") == await _found(fresh_floor, "email", "stripes") == [new["id"]]


async def _found(floor: Floor, source: str, *words: str) -> list[str]:
    request = PageRequest(BY_NAME.order, CUSTOMERS, words=words, sources=frozenset({source}))
    return [row["id"] for row in (await page_of_customers(floor.reader(), request, ("id",))).rows]
