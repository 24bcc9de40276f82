"""Golden tests: a document, and exactly the statements it costs."""

import pytest

from tests.support.world import World

NESTED = """query($first: Int) { orders(first: $first) { nodes {
    id number customer { name } items { sku quantity product { name } } } } }"""


@pytest.mark.parametrize("first", [1, 25, 100])
async def test_a_nested_page_costs_four_statements_whatever_its_size(world: World, first: int) -> None:
    async with world.statements() as seen:
        reply = await world.ask(NESTED, {"first": first})
    assert len(reply.data["orders"]["nodes"]) == first
    assert [statement.split("FROM ")[1].split()[0] for statement in seen] == [
        "orders",
        "customers",
        "order_items",
        "products",
    ]
    assert all("tenant_id = $" in statement for statement in seen)
