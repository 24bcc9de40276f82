"""Orders as somebody sees them who reaches only some: what is out of the scope is as if it did not exist, and nothing
is written there.
"""

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from auth.principal import Principal
from db.clock import utc_now
from db.ids import hex_of
from db.orders import lock_order, update_order
from db.scopes import scope_of
from resolvers.changes import record
from tests.support.facts import Json, look, new_order, shop_of
from tests.support.reached import Reached
from tests.support.told import events_in, frames_of, here, moved_to
from tests.support.world import World

MOVE = """mutation($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) {
    order { id } userErrors { code field } } }"""
CREATE = """mutation($i: CreateOrderInput!) { createOrder(input: $i) { order { id customer { id } }
    userErrors { code field } } }"""
WATCHED = "subscription($after: String) { orderEvents(after: $after) { type id patch cursor order { number notes } } }"
APART = """SELECT o.id, o.number, o.customer_id FROM orders o JOIN customers c USING (tenant_id)
    WHERE o.tenant_id = $1 AND c.id = o.customer_id AND o.created_by = $2
    AND c.created_by <> $2 AND c.assigned_to IS DISTINCT FROM $2 LIMIT 1"""


@pytest.fixture
async def reached(world: World) -> Reached:
    return await Reached.of(world)


@pytest.fixture(params=["OWN", "ASSIGNED"])
async def caller(world: World, reached: Reached, request: pytest.FixtureRequest) -> Principal:
    """Somebody with all permissions and few rows."""
    scope = reached.scopes[request.param]
    return replace(world.principal(), user_id=str(scope.holder), scope=scope)


async def assign(world: World, order: str, user: str | None, notes: str) -> None:
    """By somebody who reaches every row."""
    async with world.write_context().write() as writer:
        before = await lock_order(writer, order)
        assert before is not None
        after = await update_order(writer, before, {"assigned_to": user, "notes": notes}, utc_now())
        record(writer, "order.updated", "updateOrder", before, after)


async def one(world: World, sql: str, caller: Principal) -> Any:  # Any: a row
    (row,) = await look(world, sql, caller.tenant.hex, caller.user_id)
    return row


async def test_the_look_for_foreign_rows_finds_them(world: World, reached: Reached) -> None:
    answer = str((await world.ask("{ orders(first: 100) { nodes { id number } } }")).body).encode()
    assert reached.leaked(answer, "OWN")
    assert reached.leaked(answer, "ASSIGNED") <= reached.leaked(answer, "OWN")
    assert not reached.leaked(answer, "ALL")


async def test_an_order_out_of_the_scope_is_null_by_every_way_to_it(world: World, caller: Principal) -> None:
    foreign = await new_order(world)
    document = "query($o: ID!) { order(id: $o) { id } node(id: $o) { id } nodes(ids: [$o]) { id } }"
    reply = await world.ask(document, {"o": foreign}, caller=caller)
    assert reply.body == {"data": {"order": None, "node": None, "nodes": [None]}}


async def test_a_change_of_an_order_out_of_the_scope_finds_none_and_writes_nothing(
    world: World, caller: Principal
) -> None:
    foreign = await new_order(world)
    before = await world.hub.head(caller.tenant)
    reply = await world.ask(MOVE, {"i": {"id": foreign, "status": "CONFIRMED"}}, caller=caller)
    assert reply.data["changeOrderStatus"] == {"order": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}
    assert await world.hub.head(caller.tenant) == before


async def test_an_order_cannot_be_made_for_a_customer_out_of_the_scope(world: World, caller: Principal) -> None:
    apart, draft = await one(world, APART, caller), (await shop_of(world)).draft()
    made: Json = {**draft, "customerId": f"cus_{apart['customer_id']}"}
    reply = await world.ask(CREATE, {"i": made}, caller=caller)
    assert reply.data["createOrder"]["order"] is None
    assert {"code": "NOT_FOUND", "field": ["customerId"]} in reply.data["createOrder"]["userErrors"]


async def test_whoever_sees_an_order_sees_whose_it_is_and_finds_that_customer_nowhere_else(
    world: World, caller: Principal
) -> None:
    apart = await one(world, APART, caller)
    customer = f"cus_{apart['customer_id']}"
    document = """query($o: ID!, $c: ID!) { order(id: $o) { customer { id } } node(id: $c) { id }
        customers(where: {id: {eq: $c}}) { totalCount nodes { id } } }"""
    reply = await world.ask(document, {"o": f"ord_{apart['id']}", "c": customer}, caller=caller)
    assert reply.data == {
        "order": {"customer": {"id": customer}},
        "node": None,
        "customers": {"totalCount": 0, "nodes": []},
    }


async def test_an_order_that_is_taken_away_is_told_once_and_nothing_of_it(world: World, reached: Reached) -> None:
    """Made by somebody else and assigned to the caller, until it is not."""
    me = str(reached.scopes["ASSIGNED"].holder)
    caller = replace(world.principal(), user_id=me, scope=scope_of(["ASSIGNED"], me))
    order = await new_order(world)
    begin = await here(world)
    for assigned, notes in ((me, "mine"), (None, "secret"), (None, "more")):
        await assign(world, hex_of(order, "ord"), assigned, notes)
    stream = await world.subscribe(WATCHED, {"after": begin}, caller=caller)
    end = await here(world)
    async with aclosing(stream):
        told = events_in(await frames_of(stream, 2))
        await moved_to(stream, end)
    assert [(each["type"], each["id"]) for each in told] == [
        ("order.updated", order),
        ("order.left", order),
    ]
    # What comes in is told whole: its number too, which did not change.
    assert told[0]["patch"].keys() == {"number", "notes", "version", "updatedAt"}
    assert told[0]["patch"]["notes"] == "mine"
    assert (told[1]["patch"], told[1]["order"]) == ({}, None)
