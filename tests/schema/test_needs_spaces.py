"""Spaces as callers meet them: in the wrong one nothing runs, and what is elsewhere is reached by no other way."""

import json

import pytest

from auth.permissions import PermissionSet
from auth.principal import Principal
from auth.spaces import EVERY_SPACE, USUAL, Space, spaces_of
from schema.directives import SpaceName
from schema.needs import DEFINITION
from schema.root import schema
from tests.support.facts import footprint, ids_of, new_order
from tests.support.originals import Originals
from tests.support.world import World

CORE = schema()._schema
CREATE = "mutation($i: CreateOrderInput!) { createOrder(input: $i) { order { id } } }"


def admin(world: World, space: Space) -> Principal:
    return world.principal(space=space)


def test_every_root_field_says_where_its_permission_counts() -> None:
    found = {}
    for root in (CORE.query_type, CORE.mutation_type, CORE.subscription_type):
        assert root is not None
        for name, field in root.fields.items():
            directives = {type(each).__name__: each for each in field.extensions[DEFINITION].directives}
            stated = directives.get("InSpaces")
            gate = directives.get("RequiresPermission")
            assert (stated is None) is (gate is None), name
            if gate is not None and stated is not None:
                found[name] = [SpaceName(each).name for each in stated.in_]
                assert found[name] == [space.name for space in spaces_of(gate.permission)], name
    assert found["orders"] == ["CLIENT", "PROVIDER", "ACCOUNTING"]
    assert all(USUAL.name in names for names in found.values())


def test_the_schema_names_the_spaces_that_there_are() -> None:
    assert [each.name for each in SpaceName] == [space.name for space in Space]


@pytest.mark.parametrize(
    ("document", "space", "needed"),
    [
        ("{ orders { totalCount } }", Space.DEVELOPER, ["CLIENT", "PROVIDER", "ACCOUNTING"]),
        ("{ customers { totalCount } }", Space.CLIENT, ["PROVIDER", "ACCOUNTING"]),
        ("{ orders { nodes { customer { name } } } }", Space.CLIENT, ["PROVIDER", "ACCOUNTING"]),
        ("{ streams { totalCount } }", Space.ACCOUNTING, ["PROVIDER", "DEVELOPER"]),
        ('{ orders(where: {customerId: {eq: "cus_1"}}) { totalCount } }', Space.CLIENT, ["PROVIDER", "ACCOUNTING"]),
    ],
)
async def test_the_wrong_space_refuses_the_operation_and_says_the_right_ones(
    world: World, document: str, space: Space, needed: list[str]
) -> None:
    reply = await world.ask(document, caller=admin(world, space))
    assert (reply.code, reply.data) == ("FORBIDDEN", None)
    (extensions,) = (error["extensions"] for error in reply.errors)
    assert (extensions["space"], extensions["spaces"]) == (space, needed)
    assert "permission" not in extensions
    assert (await world.ask(document, caller=admin(world, USUAL))).code is None


async def test_who_lacks_the_permission_anywhere_is_told_so(world: World) -> None:
    partner = world.principal("partner", space=Space.DEVELOPER)
    reply = await world.ask("{ customers { totalCount } }", caller=partner)
    assert [error["extensions"]["permission"] for error in reply.errors] == ["customers:read"]


async def test_a_mutation_in_the_wrong_space_writes_nothing(world: World) -> None:
    before = await footprint(world)
    given = {"customerId": "cus_1", "currency": "EUR", "items": []}
    reply = await world.ask(CREATE, {"i": given}, caller=admin(world, Space.ACCOUNTING))
    assert (reply.code, reply.errors[0]["extensions"]["spaces"]) == ("FORBIDDEN", ["PROVIDER"])
    assert await footprint(world) == before


async def test_what_is_elsewhere_is_not_found_by_its_id_either(world: World) -> None:
    order, originals = await new_order(world), await Originals.of(world)
    ids = [order, *(f"cus_{id_}" for id_ in await ids_of(world, "customers", count=2))]
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { number } } }"
    reply = await world.ask(document, {"ids": ids}, caller=admin(world, Space.CLIENT))
    assert [node and node["id"] for node in reply.data["nodes"]] == [order, None, None]
    one = "query($id: ID!) { node(id: $id) { id } }"
    reply = await world.ask(one, {"id": ids[0]}, caller=admin(world, Space.DEVELOPER))
    assert reply.data["node"] is None
    assert not originals.leaked(json.dumps(reply.body).encode(), PermissionSet.of(()))


async def test_search_words_of_another_space_find_nothing(world: World) -> None:
    document = "query($s: String) { orders(search: $s) { totalCount } }"
    sql = """SELECT split_part(name, ' ', 1) FROM customers c WHERE tenant_id = $1
             AND EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id) LIMIT 1"""
    word = await world.superuser.fetchval(sql, world.tenants["acme"].hex)
    usual = await world.ask(document, {"s": word}, caller=admin(world, USUAL))
    client = await world.ask(document, {"s": word}, caller=admin(world, Space.CLIENT))
    assert usual.data["orders"]["totalCount"] > client.data["orders"]["totalCount"]


async def test_the_viewer_tells_where_the_caller_is(world: World) -> None:
    reply = await world.ask("{ viewer { space spaces } }", caller=admin(world, Space.DEVELOPER))
    assert reply.data["viewer"] == {"space": "DEVELOPER", "spaces": [space.name for space in EVERY_SPACE]}
