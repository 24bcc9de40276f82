"""How an order is put together: every fault at once, prices from the catalogue, a number of its own."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.ids import new_id
from db.money import LARGEST
from resolvers.errors import Problem, Problems
from resolvers.order_drafts import MAX_ITEMS, MAX_NOTES, MAX_QUANTITY, NewItem, NewOrder, assemble, draw_number
from tests.support.facts import footprint, ids_of, look, row_of, shop_of
from tests.support.world import World

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


async def a_draft(world: World, tenant: str = "acme") -> NewOrder:
    shop = await shop_of(world, tenant)
    items = [NewItem(public.removeprefix("prd_"), 3) for public in shop.products[:2]]
    return NewOrder(shop.customers[0].removeprefix("cus_"), shop.currency, "by noon", items)


async def faults(world: World, draft: NewOrder) -> list[Problem]:
    before = await footprint(world)
    with pytest.raises(Problems) as caught:
        async with world.write_context().write() as writer:
            await assemble(writer, draft, NOW)
    assert await footprint(world) == before
    return caught.value.problems


async def test_a_line_costs_price_times_quantity_and_the_order_their_sum(world: World) -> None:
    draft = await a_draft(world)
    async with world.write_context().write() as writer:
        order, items = await assemble(writer, draft, NOW)
    prices = [(await row_of(world, "products", item.product_id))["price"] for item in draft.items]
    assert [(item["line"], item["unit_price"], item["total"]) for item in items] == [
        (1, prices[0], prices[0] * 3),
        (2, prices[1], prices[1] * 3),
    ]
    assert order["total"] == sum(prices) * 3
    assert (order["status"], order["version"], order["created_at"], order["updated_at"]) == ("PENDING", 1, NOW, NOW)


async def test_the_same_product_may_stand_on_two_lines(world: World) -> None:
    draft = await a_draft(world)
    async with world.write_context().write() as writer:
        _, items = await assemble(writer, replace(draft, items=[draft.items[0], draft.items[0]]), NOW)
    assert [item["line"] for item in items] == [1, 2]


async def test_every_fault_is_told_at_once(world: World) -> None:
    draft = await a_draft(world)
    items = [NewItem(draft.items[0].product_id, 0), NewItem(new_id(), 1), NewItem(new_id(), MAX_QUANTITY + 1)]
    found = await faults(world, NewOrder(new_id(), "XXX", "n" * (MAX_NOTES + 1), items))
    assert sorted((problem.code, problem.field) for problem in found) == [
        ("NOT_FOUND", ["customerId"]),
        ("NOT_FOUND", ["items", "1", "productId"]),
        ("NOT_FOUND", ["items", "2", "productId"]),
        ("OUT_OF_RANGE", ["items", "0", "quantity"]),
        ("OUT_OF_RANGE", ["items", "2", "quantity"]),
        ("TOO_LONG", ["notes"]),
        ("UNKNOWN_CURRENCY", ["currency"]),
    ]


@pytest.mark.parametrize(("count", "code"), [(0, "REQUIRED"), (MAX_ITEMS + 1, "TOO_MANY")])
async def test_an_order_has_from_one_item_to_49(world: World, count: int, code: str) -> None:
    draft = await a_draft(world)
    found = await faults(world, replace(draft, items=[draft.items[0]] * count))
    assert [(problem.code, problem.field) for problem in found] == [(code, ["items"])]


async def test_49_items_and_the_longest_notes_are_taken(world: World) -> None:
    draft = await a_draft(world)
    async with world.write_context().write() as writer:
        full = replace(draft, items=[draft.items[0]] * MAX_ITEMS, notes="n" * MAX_NOTES)
        _, items = await assemble(writer, full, NOW)
    assert len(items) == MAX_ITEMS


async def test_a_product_in_another_currency_is_refused(world: World) -> None:
    draft = await a_draft(world)
    other = "JPY" if draft.currency != "JPY" else "EUR"
    found = await faults(world, replace(draft, currency=other))
    assert {problem.code for problem in found} == {"CURRENCY_MISMATCH"}
    assert [problem.field for problem in found] == [["items", "0", "productId"], ["items", "1", "productId"]]


async def test_a_total_that_no_column_holds_is_refused(fresh_world: World) -> None:
    draft = await a_draft(fresh_world)
    price = LARGEST // 2
    await look(fresh_world, "UPDATE products SET price = $2 WHERE id = $1", draft.items[0].product_id, price)
    over = replace(draft, items=[NewItem(draft.items[0].product_id, 3)])
    assert [(p.code, p.field) for p in await faults(fresh_world, over)] == [("OUT_OF_RANGE", ["items"])]
    async with fresh_world.write_context().write() as writer:
        order, _ = await assemble(writer, replace(draft, items=[NewItem(draft.items[0].product_id, 2)]), NOW)
    assert order["total"] == price * 2


async def test_what_another_tenant_sells_and_serves_does_not_exist_here(world: World) -> None:
    draft = await a_draft(world)
    (customer,), (product,) = await ids_of(world, "customers", "globex"), await ids_of(world, "products", "globex")
    found = await faults(world, replace(draft, customer_id=customer, items=[NewItem(product, 1)]))
    unknown = await faults(world, replace(draft, customer_id=new_id(), items=[NewItem(new_id(), 1)]))
    told = [(problem.code, problem.message, problem.field) for problem in found]
    assert told == [(problem.code, problem.message, problem.field) for problem in unknown]


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31, 23, 59, 59, 999_999)))  # noqa: DTZ001
def test_a_number_is_the_day_and_seven_crockford_characters(moment: datetime) -> None:
    number = draw_number(moment.replace(tzinfo=UTC))
    assert re.fullmatch(r"[0-9]{6}-[0-9A-HJKMNP-TV-Z]{7}", number)
    assert number.startswith(f"{moment:%y%m%d}-")


@given(st.integers(0, 86_399_998))
def test_numbers_of_one_day_never_meet_in_different_milliseconds_and_sort_by_them(millisecond: int) -> None:
    day = datetime(2026, 11, 21, tzinfo=UTC)
    earlier = draw_number(day + timedelta(milliseconds=millisecond))
    assert earlier < draw_number(day + timedelta(milliseconds=millisecond + 1))
