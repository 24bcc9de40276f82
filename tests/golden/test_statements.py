"""Golden tests: a document, and exactly the statements it costs."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.facts import Json, ids_of
from tests.support.world import World

NESTED = """query($first: Int) { orders(first: $first) { nodes {
    id number customer { name } items { sku quantity product { name } } } } }"""


def tables(seen: list[str]) -> list[str]:
    """What each statement reads or writes first."""
    return [found.group(1) for sql in seen if (found := re.search(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", sql))]


async def statements(
    world: World, document: str, variables: Json | None = None, **who: Any
) -> list[str]:  # Any: as World.ask
    """The statements that an operation sends; each of them names the tenant."""
    async with world.statements() as seen:
        reply = await world.ask(document, variables, **who)
    assert reply.code is None
    assert not reply.errors, reply.errors
    for statement in seen:
        assert "tenant_id = $" in statement or "(tenant_id" in statement, statement
    return seen


@pytest.mark.parametrize("first", [1, 25, 100])
async def test_a_nested_page_costs_two_statements_whatever_its_size(world: World, first: int) -> None:
    seen = await statements(world, NESTED, {"first": first})
    assert tables(seen) == ["orders", "order_items"]
    assert ["FROM customers" in seen[0], "FROM products" in seen[1]] == [True, True]
    assert all(statement.count("tenant_id = $") == 2 for statement in seen)


async def test_what_hangs_below_a_relation_is_read_by_a_call_of_its_own(world: World) -> None:
    seen = await statements(world, "{ orders { nodes { customer { name orders(first: 1) { nodes { id } } } } } }")
    assert tables(seen)[:2] == ["orders", "customers"]
    assert len(seen) == 3


PAGE_OF_TWO = "query($after: String) { %s(first: 2, after: $after) { nodes { id } %s } }"
PARTS = {
    "nodes alone": ("", 1),
    "cursors": ("edges { cursor node { id } }", 1),
    "hasNextPage": ("pageInfo { hasNextPage endCursor startCursor }", 1),
    "hasPreviousPage": ("pageInfo { hasPreviousPage }", 2),
    "totalCount": ("totalCount", 2),
    "totalCount and whether it is one": ("totalCount totalCountIsEstimate", 2),
    "everything": ("edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } totalCount", 3),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("noun", ["orders", "customers", "products"])
async def test_a_part_of_a_list_costs_its_statement_only_when_it_is_asked_for(
    world: World, noun: str, part: str
) -> None:
    first = await world.ask("{ %s(first: 2) { pageInfo { endCursor } } }" % noun)  # noqa: UP031  # braces
    after = first.data[noun]["pageInfo"]["endCursor"]
    fields, count = PARTS[part]
    seen = await statements(world, PAGE_OF_TWO % (noun, fields), {"after": after})
    assert tables(seen)[0] == noun
    assert len(seen) == count


async def test_a_first_page_knows_without_asking_that_nothing_is_before_it(world: World) -> None:
    assert len(await statements(world, "{ orders { pageInfo { hasPreviousPage hasNextPage } } }")) == 1


async def test_a_skipped_part_costs_nothing(world: World) -> None:
    document = (
        "query($n: Boolean!) { orders { totalCount @include(if: $n) nodes { id customer @include(if: $n) { id } } } }"
    )
    assert len(await statements(world, document, {"n": False})) == 1
    assert len(await statements(world, document, {"n": True})) == 2


async def test_a_search_counts_its_words_once_before_it_walks(world: World) -> None:
    seen = await statements(world, '{ orders(search: "gift") { nodes { id } } }')
    assert len(seen) == 2
    assert all("order_terms" in statement for statement in seen)


async def test_a_partners_search_never_touches_the_words_of_customers(world: World) -> None:
    seen = await statements(world, '{ orders(search: "gift") { nodes { id } totalCount } }', caller="partner")
    assert not any("customer" in statement.replace("customer_id", "") for statement in seen)


async def test_a_denied_field_is_not_read(world: World) -> None:
    async with world.statements() as seen:
        await world.ask("{ customers { nodes { name email } } }", caller="viewer")
    assert len(seen) == 1
    assert "email" not in seen[0]


@pytest.mark.parametrize(
    ("document", "read", "expected"),
    [
        ("query($o: ID!) { order(id: $o) { id number } }", True, ["orders"]),
        ("query($o: ID!) { order(id: $o) { customer { name } } }", True, ["orders"]),
        ("query($o: ID!) { order(id: $o) { items { sku } } }", True, ["orders", "order_items"]),
        ("query($o: ID!) { a: order(id: $o) { id } b: order(id: $o) { number } }", True, ["orders"]),
        ("query($o: ID!) { node(id: $o) { id } }", True, ["orders"]),
        ("query($o: ID!) { nodes(ids: [$o, $o, $o]) { id } }", True, ["orders"]),
        ("query($o: ID!) { nodes(ids: [$o]) { ... on Order { customer { name } } } }", True, ["orders"]),
        ('{ order(id: "ord_x") { id } }', False, []),
        ("{ viewer { roles tenant { slug } } }", False, []),
        ("{ __typename }", False, []),
    ],
)  # fmt: skip
async def test_a_lookup_costs_one_statement_a_noun(
    world: World, document: str, read: bool, expected: list[str]
) -> None:
    given = {"o": f"ord_{(await ids_of(world, 'orders'))[0]}"} if read else {}
    async with world.statements() as seen:
        await world.ask(document, given)
    assert tables(seen) == expected


CUSTOMER_OF = "customer { name orders(first: 1) { nodes { number } } }"
ITEMS_OF = "items { sku product { name } }"
TWICE = {
    "a relation under several names": (
        "query($o: ID!) { order(id: $o) { %s } }",
        CUSTOMER_OF,
        "orders customers unnest",
    ),
    "a relation of many under several names": (
        "query($o: ID!) { order(id: $o) { %s } }",
        ITEMS_OF,
        "orders order_items",
    ),
    "pages of one list": (
        "{ orders(first: 3) { %s } }",
        f"nodes {{ {CUSTOMER_OF} {ITEMS_OF} }}",
        "orders customers order_items unnest",
    ),
    "a page below each row": (
        "{ customers(first: 3) { nodes { %s } } }",
        "orders(first: 2) { totalCount nodes { number } }",
        "customers unnest unnest",
    ),
    "objects by id": ("query($o: ID!) { %s }", f"order(id: $o) {{ {CUSTOMER_OF} }}", "orders customers unnest"),
    "nodes by id": (
        "query($o: ID!) { %s }",
        f"node(id: $o) {{ ... on Order {{ {CUSTOMER_OF} }} }}",
        "orders customers unnest",
    ),
}


@pytest.mark.parametrize("what", TWICE)
async def test_what_is_asked_under_several_names_is_read_once(world: World, what: str) -> None:
    document, part, expected = TWICE[what]
    given = {"o": f"ord_{(await ids_of(world, 'orders'))[0]}"} if "$o" in document else {}
    parts = " ".join(f"a{number}: {part}" for number in range(8))
    assert sorted(tables(await statements(world, document % parts, given))) == sorted(expected.split())


async def test_nodes_and_edges_of_a_page_are_one_level(world: World) -> None:
    part = f"{{ {CUSTOMER_OF} {ITEMS_OF} }}"
    seen = await statements(world, f"{{ orders {{ nodes {part} edges {{ node {part} b: node {part} }} }} }}")
    assert sorted(tables(seen)) == ["customers", "order_items", "orders", "unnest"]


async def test_one_statement_reads_what_all_of_its_places_need_and_no_more(world: World) -> None:
    seen = await statements(world, "{ orders { nodes { a: items { sku } b: items { quantity } } } }")
    (items,) = (statement for statement in seen if "FROM order_items" in statement)
    assert all(f"order_items.{column}" in items for column in ("sku", "quantity"))
    assert not any(f"order_items.{column}" in items for column in ("unit_price", "total", "product_id"))


async def test_a_row_that_was_read_on_one_level_is_not_read_again_on_another(world: World) -> None:
    given = {"o": f"ord_{(await ids_of(world, 'orders'))[0]}"}
    below = "customer { name orders(first: 3) { nodes { customer { orders(first: 2) { nodes { number } } } } } }"
    seen = await statements(world, f"query($o: ID!) {{ order(id: $o) {{ {below} }} }}", given)
    assert tables(seen) == ["orders", "customers", "unnest", "unnest"]


@pytest.mark.parametrize("first", [5, 50])
async def test_lists_side_by_side_read_what_they_have_in_common_together(world: World, first: int) -> None:
    part = f"nodes {{ {CUSTOMER_OF} {ITEMS_OF} }}"
    document = f"{{ a: orders(first: {first}) {{ {part} }} b: orders(last: {first}) {{ {part} }} }}"
    seen = tables(await statements(world, document))
    assert sorted(seen) == ["customers", "order_items", "orders", "orders", "unnest"]


async def test_objects_of_several_kinds_cost_one_statement_for_each_kind(world: World) -> None:
    text = """query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { number customer { name } }
        ... on Customer { name } ... on Product { name } } }"""
    ids = [
        f"{prefix}_{id_}"
        for prefix, table in (("ord", "orders"), ("cus", "customers"), ("prd", "products"))
        for id_ in await ids_of(world, table, count=20)
    ]
    seen = await statements(world, text, {"ids": ids})
    assert tables(seen) == ["orders", "customers", "products"]


@pytest.mark.parametrize("first", [10, 25, 100])
async def test_pages_below_a_page_cost_a_statement_for_each_level_whatever_their_number(
    world: World, first: int
) -> None:
    text = """query($first: Int) { customers(first: $first, orderBy: [{field: CREATED_AT}]) { nodes { orders(first: 3) {
        totalCount pageInfo { hasNextPage hasPreviousPage }
        edges { cursor node { number items { product { name } } } } } } } }"""
    seen = await statements(world, text, {"first": first})
    assert tables(seen) == ["customers", "unnest", "unnest", "order_items"]
    assert all("tenant_id = $" in statement for statement in seen)


OVERVIEW = """query($range: TimeRange) { overview(range: $range) { orders revenue { amount } days { date orders
    statuses { status total { amount } } } cursor } }"""


@pytest.mark.parametrize("days", [1, 30, 400])
async def test_an_overview_costs_one_statement_however_many_days_and_reads_no_order(world: World, days: int) -> None:
    begin = f"{date(2026, 10, 31) - timedelta(days=days - 1)}T00:00:00Z"
    (statement,) = await statements(world, OVERVIEW, {"range": {"from": begin, "to": "2026-11-01T00:00:00Z"}})
    assert set(re.findall(r"\b(?:FROM|JOIN) (\w+)", statement)) == {
        *("event_heads", "order_hours", "identity_head"),
        *("folded_heads", "event_log"),  # what is not in the sums yet
    }
