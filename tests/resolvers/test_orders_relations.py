"""Relations answer for many parents at once, and never with another tenant's rows."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.ids import new_id
from resolvers.customers import customers_by_id
from resolvers.orders import items_of_orders, orders_by_id
from resolvers.products import products_by_id
from tests.support.facts import ids_of
from tests.support.world import World

RELATIONS = [("orders", orders_by_id), ("customers", customers_by_id), ("products", products_by_id)]
Relation = Callable[..., Awaitable[dict[str, Any]]]  # Any: a row, or rows


@pytest.mark.parametrize(("table", "relation"), [*RELATIONS, ("orders", items_of_orders)])
async def test_own_ids_are_answered_in_one_statement_and_foreign_ones_like_unknown_ones(
    world: World, table: str, relation: Relation
) -> None:
    own = await ids_of(world, table, "acme", 20)
    foreign = await ids_of(world, table, "globex", 20)
    async with world.statements() as seen:
        found = await relation(world.write_context(), [*own, *foreign, new_id()])
    assert found.keys() == set(own)
    assert len(seen) == 1
    twin = await relation(world.write_context(world.principal("admin", "globex")), [*own, *foreign])
    assert twin.keys() == set(foreign)


@pytest.mark.parametrize(("table", "relation"), RELATIONS)
async def test_only_the_columns_asked_for_are_read(world: World, table: str, relation: Relation) -> None:
    ids = await ids_of(world, table)
    found = await relation(world.write_context(), ids, ("version",))
    assert set(found[ids[0]].keys()) == {"id", "version"}


async def test_no_ids_cost_no_statement(world: World) -> None:
    async with world.statements() as seen:
        assert await items_of_orders(world.write_context(), []) == {}
        assert await orders_by_id(world.write_context(), []) == {}
    assert seen == []


async def test_items_stand_in_line_order(world: World) -> None:
    ids = await ids_of(world, "orders", "acme", 50)
    found = await items_of_orders(world.write_context(), ids)
    lines = [[item["line"] for item in found[id_]] for id_ in ids]
    assert lines == [list(range(1, len(each) + 1)) for each in lines]
