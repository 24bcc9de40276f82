"""What a page costs on a tenant of 100,000 orders and 20,000 of each other noun, in shared buffers, as the runtime
role: never in time.
"""

from dataclasses import replace

import pytest

from db.announcements import LISTING as ANNOUNCEMENTS
from db.customers import LISTING as CUSTOMERS
from db.joins import through
from db.list_statements import COUNT_LIMIT, Listing
from db.listings import count_of, has_rows, page_of
from db.orders import LISTING, count_of_orders_of_customers, items_of_orders, orders_by_id, orders_of_customers
from db.pages import PageRequest, SortKey
from db.products import LISTING as PRODUCTS
from tests.support.bulk import MUCH, ORDERS, PAGE
from tests.support.explaining import Bench, indexes_in

DEEP = 50_000
FAR = 15_000
NOUNS: dict[Listing, tuple[str, ...]] = {
    CUSTOMERS: ("name_key", "email", "created_at", "updated_at"),
    PRODUCTS: ("name_key", "sku", "price", "created_at", "updated_at"),
    ANNOUNCEMENTS: ("created_at",),
}
"""What each can be sorted by."""
FIELDS = ("created_at", "updated_at", "due_at", "total", "status", "number")


async def deep_page(bench: Bench, order: tuple[SortKey, ...]) -> PageRequest:
    """The page behind ``DEEP`` rows; nothing of the way there is measured."""
    there = PageRequest(order, 1, offset=DEEP)
    row = await page_of(bench.reader, LISTING, there, ("id",))
    bench.reader.asked.clear()
    return replace(PageRequest(order, PAGE), after=row.key_of(row.rows[0]))


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("field", FIELDS)
async def test_a_deep_page_by_one_field_costs_what_the_first_costs(
    bench: Bench, field: str, descending: bool, generic: bool
) -> None:
    order = (SortKey(field, descending),)
    deep = await deep_page(bench, order)
    await page_of(bench.reader, LISTING, PageRequest(order, PAGE))
    first = await bench.buffers(generic=generic)
    await page_of(bench.reader, LISTING, deep)
    reading = await bench.buffers(generic=generic)
    assert first < MUCH
    assert reading < first + 60


@pytest.mark.parametrize("nulls_last", [False, True])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("field", FIELDS)
async def test_an_order_by_one_field_walks_its_index_both_ways(
    bench: Bench, field: str, descending: bool, nulls_last: bool
) -> None:
    order = (SortKey(field, descending, nulls_last),)
    deep = await deep_page(bench, order)
    for request in (deep, replace(deep, after=None, before=deep.after, backward=True), PageRequest(order, PAGE)):
        await page_of(bench.reader, LISTING, request, ("id",))
    for plan in await bench.plans():
        assert len(indexes_in(plan)) == 1, plan
        assert "'Sort'" not in str(plan), plan
        wanted = "due" if field == "due_at" else field
        assert wanted in indexes_in(plan).pop()


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("second", ["created_at", "total"])
async def test_within_equal_first_fields_only_the_group_at_hand_is_sorted(
    bench: Bench, second: str, descending: bool, generic: bool
) -> None:
    order = (SortKey("status", descending), SortKey(second, descending=True))
    await page_of(bench.reader, LISTING, PageRequest(order, PAGE), ("id",))
    for plan in await bench.plans(generic=generic):
        assert indexes_in(plan) == {"ix_orders_tenant_id_status_id"}, plan
        assert "'Sort'" not in str(plan), plan
        assert "'Incremental Sort'" in str(plan), plan


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("order", [("created_at",), ("status", "created_at")])
async def test_only_the_rows_of_the_page_are_joined(bench: Bench, order: tuple[str, ...], generic: bool) -> None:
    request = PageRequest(tuple(SortKey(field, descending=True) for field in order), PAGE)
    await page_of(bench.reader, LISTING, request, ("id",))
    alone = await bench.buffers(generic=generic)
    await page_of(bench.reader, LISTING, request, ("id", "customer_id", through("customer_id", "name")))
    assert await bench.buffers(generic=generic) < alone + MUCH


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("order", [("created_at", "total"), ("total", "created_at")])
@pytest.mark.parametrize("up_first", [False, True])
async def test_a_deep_page_in_mixed_directions_stays_bounded(
    bench: Bench, order: tuple[str, str], up_first: bool, generic: bool
) -> None:
    keys = (SortKey(order[0], not up_first), SortKey(order[1], up_first))
    await page_of(bench.reader, LISTING, await deep_page(bench, keys))
    assert await bench.buffers(generic=generic) < MUCH


async def test_knowing_what_lies_around_a_deep_page_costs_little(bench: Bench) -> None:
    request = await deep_page(bench, (SortKey("created_at", descending=True),))
    page = await page_of(bench.reader, LISTING, request)
    bench.reader.asked.clear()
    assert await has_rows(bench.reader, LISTING, page, ahead=False)
    assert await bench.buffers() < 20


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("field", ["created_at", "total"])
async def test_a_rare_word_reads_its_few_rows(bench: Bench, field: str, generic: bool) -> None:
    request = PageRequest((SortKey(field, descending=True),), PAGE, words=("rare",), sources=frozenset({"text"}))
    page = await page_of(bench.reader, LISTING, request)
    assert len(page.rows) == 5
    assert await bench.buffers(generic=generic) < MUCH


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
async def test_a_common_word_walks_the_order_and_stops(bench: Bench, generic: bool) -> None:
    order = (SortKey("created_at", descending=True),)
    request = PageRequest(order, PAGE, words=("common",), sources=frozenset({"text"}))
    await page_of(bench.reader, LISTING, request)
    counting, paging = bench.reader.asked
    bench.reader.asked = [paging]
    assert await bench.buffers(generic=generic) < 3 * MUCH
    bench.reader.asked = [counting]
    assert await bench.buffers(generic=generic) < 2_000


async def test_a_rare_word_among_a_common_one_leads(bench: Bench) -> None:
    words = ("common", "rare")
    request = PageRequest((SortKey("total"),), PAGE, words=words, sources=frozenset({"text"}))
    page = await page_of(bench.reader, LISTING, request)
    assert len(page.rows) == 5
    bench.reader.asked = bench.reader.asked[1:]
    assert await bench.buffers() < MUCH


async def test_a_count_is_exact_up_to_its_limit_and_an_estimate_beyond(bench: Bench) -> None:
    whole = PageRequest((SortKey("total"),), PAGE)
    number, estimated = await count_of(bench.reader, LISTING, whole)
    counting = bench.reader.asked[0]
    bench.reader.asked = [counting]
    assert estimated
    assert ORDERS * 0.8 < number < ORDERS * 1.2
    assert await bench.buffers() < 3_000
    few = replace(whole, words=("rare",), sources=frozenset({"text"}))
    assert await count_of(bench.reader, LISTING, few) == (5, False)
    assert COUNT_LIMIT < ORDERS


async def test_relations_of_a_page_are_fetched_by_their_keys(bench: Bench) -> None:
    page = await page_of(bench.reader, LISTING, PageRequest((SortKey("total"),), PAGE), ("id",))
    ids = [row["id"] for row in page.rows]
    bench.reader.asked.clear()
    await orders_by_id(bench.reader, ids)
    await items_of_orders(bench.reader, ids)
    assert await bench.buffers(generic=True) < MUCH + 200


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("backward", [False, True])
async def test_a_page_for_each_of_many_parents_is_an_index_range_for_each(
    bench: Bench, backward: bool, generic: bool
) -> None:
    rows = await page_of(bench.reader, LISTING, PageRequest((SortKey("total"),), PAGE), ("customer_id",))
    parents = list(dict.fromkeys(row["customer_id"] for row in rows.rows))
    bench.reader.asked.clear()
    request = PageRequest((SortKey("created_at", descending=True),), 2, backward=backward)
    pages = await orders_of_customers(bench.reader, parents, request, ("number",))
    assert all(len(page.rows) == 2 for page in pages.values())
    asked = bench.reader.asked[:]
    (plan,) = await bench.plans(generic=generic)
    assert indexes_in(plan) == {"ix_orders_tenant_id_customer_id_created_at_id"}
    assert "'Sort'" not in str(plan)
    bench.reader.asked = asked
    # Three scattered rows and a descent for each parent, whatever it has: a hundred orders here.
    assert await bench.buffers(generic=generic) < 10 * len(parents)


async def test_counting_for_many_parents_reads_their_ranges_only(bench: Bench) -> None:
    rows = await page_of(bench.reader, LISTING, PageRequest((SortKey("total"),), 10), ("customer_id",))
    parents = [row["customer_id"] for row in rows.rows]
    bench.reader.asked.clear()
    counts = await count_of_orders_of_customers(bench.reader, parents, PageRequest((SortKey("total"),), 1))
    assert set(counts.values()) == {(ORDERS // 1000, False)}
    (plan,) = await bench.plans(generic=True)
    assert indexes_in(plan) == {"ix_orders_tenant_id_customer_id_created_at_id"}


EVERY_ORDER = [
    pytest.param(listing, field, id=f"{listing.noun} by {field}") for listing in NOUNS for field in NOUNS[listing]
]


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize(("listing", "field"), EVERY_ORDER)
async def test_the_first_page_and_a_deep_one_walk_the_index_of_their_order(
    bench: Bench, listing: Listing, field: str, descending: bool, generic: bool
) -> None:
    first = PageRequest((SortKey(field, descending),), PAGE)
    there = await page_of(bench.reader, listing, replace(first, limit=1, offset=FAR), ("id",))
    deep = replace(first, after=there.key_of(there.rows[0]))
    bench.reader.asked.clear()
    for request in (first, deep, replace(first, before=deep.after, backward=True)):
        await page_of(bench.reader, listing, request)
    asked = bench.reader.asked[:]
    for plan in await bench.plans(generic=generic):
        assert len(indexes_in(plan)) == 1, plan
        assert field in indexes_in(plan).pop()
        assert "'Sort'" not in str(plan), plan
    for one in asked:
        bench.reader.asked = [one]
        assert await bench.buffers(generic=generic) < MUCH
