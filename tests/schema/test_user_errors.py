"""User errors: a conflict carries the row as it is now, of whatever noun, to those who may read it."""

import pytest

from tests.support.facts import Json, ids_of, new_order
from tests.support.world import World

STALE = """mutation($o: ID!, $c: ID!, $p: ID!) {
    order: updateOrder(input: {id: $o, expectedVersion: 0, notes: "x"}) { userErrors { ...e } }
    customer: updateCustomer(input: {id: $c, expectedVersion: 0, name: "x"}) { userErrors { ...e } }
    product: updateProduct(input: {id: $p, expectedVersion: 0, name: "x"}) { userErrors { ...e } } }
fragment e on UserError { code field ... on ConflictError { current {
    __typename id ... on Order { number } ... on Customer { name email } ... on Product { sku } } } }"""
WRITES = frozenset({"orders:write", "customers:write", "products:write"})


async def rows(world: World) -> Json:
    (customer,), (product,) = await ids_of(world, "customers"), await ids_of(world, "products")
    return {"o": await new_order(world), "c": f"cus_{customer}", "p": f"prd_{product}"}


async def test_a_conflict_carries_the_row_with_its_type(world: World) -> None:
    given = await rows(world)
    reply = await world.ask(STALE, given)
    assert reply.errors == []
    found = {}
    for noun, payload in reply.data.items():
        (error,) = payload["userErrors"]
        assert (error["code"], error["field"]) == ("CONFLICT", ["expectedVersion"])
        found[noun] = error["current"]
    assert [row.pop("id") for row in found.values()] == list(given.values())
    assert {noun: tuple(row) for noun, row in found.items()} == {
        "order": ("__typename", "number"),
        "customer": ("__typename", "name", "email"),
        "product": ("__typename", "sku"),
    }
    assert [row["__typename"] for row in found.values()] == ["Order", "Customer", "Product"]


async def test_who_may_not_read_a_noun_is_not_shown_the_row_of_a_conflict(world: World) -> None:
    given = await rows(world)
    blind = world.principal(grants=WRITES | {"orders:read"})
    reply = await world.ask(STALE.replace(" email", ""), given, caller=blind)
    current = {noun: payload["userErrors"][0]["current"] for noun, payload in reply.data.items()}
    assert current["order"]["id"] == given["o"]
    assert (current["customer"], current["product"]) == (None, None)
    assert [(error["path"], error["extensions"]["permission"]) for error in reply.errors] == [
        (["customer", "userErrors", 0, "current"], "customers:read"),
        (["product", "userErrors", 0, "current"], "products:read"),
    ]


@pytest.mark.parametrize("pii", [True, False])
async def test_an_email_in_a_conflict_takes_its_permission(world: World, pii: bool) -> None:
    given = await rows(world)
    grants = WRITES | {"orders:read", "customers:read", "products:read"} | ({"customers:pii"} if pii else set())
    reply = await world.ask(STALE, given, caller=world.principal(grants=grants))
    (error,) = reply.data["customer"]["userErrors"]
    assert (error["current"]["email"] is not None) is pii
    assert [(e["path"], e["extensions"]["permission"]) for e in reply.errors] == (
        [] if pii else [(["customer", "userErrors", 0, "current", "email"], "customers:pii")]
    )
