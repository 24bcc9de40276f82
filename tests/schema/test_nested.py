"""Nested connections: a page of each customer's orders."""

from typing import Any

import pytest

from tests.support.facts import look
from tests.support.world import World

PAGE = """query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { node(id: $id) { ... on Customer {
    orders(first: $first, after: $after, last: $last, before: $before) { totalCount edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""


async def _busy(world: World, count: int = 2) -> list[tuple[str, list[str]]]:
    """Customers with the most orders: public ids, and their orders', newest first."""
    sql = """SELECT customer_id, array_agg(id ORDER BY created_at DESC, id DESC) AS ids FROM orders
             WHERE tenant_id = $1 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT $2"""
    rows = await look(world, sql, world.tenants["acme"].hex, count)
    return [(f"cus_{row['customer_id']}", [f"ord_{id_}" for id_ in row["ids"]]) for row in rows]


async def _page(world: World, **variables: Any) -> Any:  # Any: JSON
    reply = await world.ask(PAGE, variables)
    assert reply.errors == []
    return reply.data["node"]["orders"]


def _ids(page: Any) -> list[str]:  # Any: JSON
    return [edge["node"]["id"] for edge in page["edges"]]


async def test_a_list_is_walked_forwards_and_backwards_by_its_own_cursors(world: World) -> None:
    ((customer, orders),) = await _busy(world, 1)
    walked, page = [], await _page(world, id=customer, first=2)
    assert not page["pageInfo"]["hasPreviousPage"]
    while True:
        walked += _ids(page)
        assert page["totalCount"] == len(orders)
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = await _page(world, id=customer, first=2, after=page["pageInfo"]["endCursor"])
        assert page["pageInfo"]["hasPreviousPage"]
    assert walked == orders
    back = await _page(world, id=customer, last=2, before=page["pageInfo"]["startCursor"])
    assert _ids(back) == orders[: -len(page["edges"])][-2:]
    assert back["pageInfo"]["hasNextPage"]


async def test_another_customers_cursor_is_an_error_at_its_path(world: World) -> None:
    (one, _), (two, orders) = await _busy(world)
    cursor = (await _page(world, id=one, first=1))["pageInfo"]["endCursor"]
    reply = await world.ask(PAGE, {"id": two, "first": 1, "after": cursor})
    assert (reply.codes, [error["path"] for error in reply.errors]) == (["BAD_USER_INPUT"], [["node", "orders"]])
    assert reply.data == {"node": None}
    assert not any(order in str(reply.body) for order in orders)


async def test_a_cursor_of_the_whole_list_is_none_of_a_customers(world: World) -> None:
    reply = await world.ask("{ orders(first: 1) { pageInfo { endCursor } } }")
    cursor = reply.data["orders"]["pageInfo"]["endCursor"]
    ((customer, _),) = await _busy(world, 1)
    reply = await world.ask(PAGE, {"id": customer, "first": 1, "after": cursor})
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_a_cursor_below_several_customers_is_an_error_for_those_it_is_not_of(world: World) -> None:
    (one, orders), (two, _) = await _busy(world)
    cursor = (await _page(world, id=one, first=1))["pageInfo"]["endCursor"]
    text = """query($ids: [ID!]!, $after: String) { nodes(ids: $ids) { ... on Customer {
        orders(first: 1, after: $after) { nodes { id } } } } }"""
    reply = await world.ask(text, {"ids": [one, two], "after": cursor})
    assert reply.data == {"nodes": [{"orders": {"nodes": [{"id": orders[1]}]}}, None]}
    assert [(error["path"], error["extensions"]["code"]) for error in reply.errors] == [
        (["nodes", 1, "orders"], "BAD_USER_INPUT")
    ]


@pytest.mark.parametrize("given", [{"first": 101}, {"first": -1}, {"first": 1, "last": 1}])
async def test_a_page_that_makes_no_sense_is_refused(world: World, given: dict[str, int]) -> None:
    ((customer, _),) = await _busy(world, 1)
    reply = await world.ask(PAGE, {"id": customer, **given})
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_who_may_not_read_orders_is_refused_before_anything_is_read(world: World) -> None:
    caller = world.principal(grants=frozenset({"customers:read"}))
    async with world.statements() as seen:
        reply = await world.ask("{ customers { nodes { name orders { totalCount } } } }", caller=caller)
    assert (reply.code, "data" in reply.body) == ("FORBIDDEN", False)
    assert reply.errors[0]["extensions"]["coordinate"] == "Customer.orders"
    assert seen == []


async def test_an_order_leads_to_its_customers_other_orders(world: World) -> None:
    ((customer, orders),) = await _busy(world, 1)
    text = "query($id: ID!) { order(id: $id) { customer { id orders(first: 2) { nodes { id } } } } }"
    reply = await world.ask(text, {"id": orders[-1]})
    assert reply.data["order"]["customer"] == {"id": customer, "orders": {"nodes": [{"id": id_} for id_ in orders[:2]]}}
