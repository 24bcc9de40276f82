"""Any object by its id: known, unknown, another tenant's, malformed, denied."""

from typing import Any

import pytest

from db.ids import new_id
from tests.support.facts import ids_of
from tests.support.world import World

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
KINDS = [("ord", "orders", "Order"), ("cus", "customers", "Customer"), ("prd", "products", "Product")]


async def public_ids(world: World, tenant: str = "acme") -> list[str]:
    return [f"{prefix}_{(await ids_of(world, table, tenant))[0]}" for prefix, table, _ in KINDS]


@pytest.mark.parametrize(("prefix", "table", "kind"), KINDS)
async def test_an_own_row_is_found_with_its_type(world: World, prefix: str, table: str, kind: str) -> None:
    public = f"{prefix}_{(await ids_of(world, table))[0]}"
    reply = await world.ask(NODE, {"id": public})
    assert reply.body == {"data": {"node": {"__typename": kind, "id": public}}}


@pytest.mark.parametrize(("prefix", "table", "kind"), KINDS)
async def test_an_unknown_row_and_another_tenants_are_null_alike(
    world: World, prefix: str, table: str, kind: str
) -> None:
    for id_ in (new_id(), (await ids_of(world, table, "globex"))[0]):
        assert (await world.ask(NODE, {"id": f"{prefix}_{id_}"})).body == {"data": {"node": None}}


MALFORMED: list[Any] = [
    "",
    "x",
    "ord",
    "ord_",
    "ord_" + "g" * 32,
    "ord_" + "0" * 31,
    "ord_" + "0" * 33,
    "ord_" + "A" * 32,
    "ORD_" + "0" * 32,
    "usr_" + "0" * 32,
    "ten_" + "0" * 32,
    "itm_" + "0" * 34,
    "ord_" + "0" * 32 + "\n",
    "ord_\x00",
    "ord_" + "\ud800" * 32,
    "ord_" + "٠" * 32,
    "_" + "0" * 32,
    "ord_" * 5_000,
    7,
]


@pytest.mark.parametrize("malformed", MALFORMED, ids=lambda value: ascii(value)[:40])
@pytest.mark.parametrize("document", [NODE, "query($id: ID!) { order(id: $id) { id } }"], ids=["node", "order"])
async def test_a_malformed_id_is_the_callers_mistake(world: World, document: str, malformed: Any) -> None:  # Any: JSON
    reply = await world.ask(document, {"id": malformed})
    assert reply.codes == ["BAD_USER_INPUT"]
    assert not any((reply.data or {}).values())


async def test_nodes_answer_in_the_order_of_the_ids_and_null_where_there_is_none(world: World) -> None:
    own, foreign = await public_ids(world), await public_ids(world, "initech")
    ids = [own[2], foreign[0], own[0], f"cus_{new_id()}", own[1], own[0], foreign[1]]
    reply = await world.ask(NODES, {"ids": ids})
    assert [node and node["id"] for node in reply.data["nodes"]] == [own[2], None, own[0], None, own[1], own[0], None]
    assert reply.errors == []


async def test_nodes_cost_one_statement_a_kind(world: World) -> None:
    ids = [f"{p}_{id_}" for p, table, _ in KINDS for id_ in await ids_of(world, table, "acme", 30)]
    async with world.statements() as seen:
        reply = await world.ask(NODES, {"ids": ids})
    assert [node["id"] for node in reply.data["nodes"]] == ids
    assert len(seen) == 3


async def test_a_hundred_ids_are_looked_up_and_no_more(world: World) -> None:
    ids = [f"ord_{id_}" for id_ in await ids_of(world, "orders", "acme", 101)]
    assert len((await world.ask(NODES, {"ids": ids[:100]})).data["nodes"]) == 100
    reply = await world.ask(NODES, {"ids": ids})
    assert (reply.codes, reply.data) == (["BAD_USER_INPUT"], None)


async def test_no_ids_are_no_nodes(world: World) -> None:
    assert (await world.ask(NODES, {"ids": []})).body == {"data": {"nodes": []}}


async def test_a_malformed_id_among_others_is_null_with_an_error_of_its_own(world: World) -> None:
    own = await public_ids(world)
    reply = await world.ask(NODES, {"ids": [own[0], "ord_x", own[1]]})
    assert [node and node["id"] for node in reply.data["nodes"]] == [own[0], None, own[1]]
    assert [(error["path"], error["extensions"]["code"]) for error in reply.errors] == [
        (["nodes", 1], "BAD_USER_INPUT")
    ]


@pytest.mark.parametrize(("caller", "codes"), [(None, ["UNAUTHENTICATED"]), ("partner", ["FORBIDDEN"]), ("viewer", [])])
async def test_a_kind_that_the_caller_may_not_read_is_denied(
    world: World, caller: str | None, codes: list[str]
) -> None:
    customer = (await public_ids(world))[1]
    async with world.statements() as seen:
        reply = await world.ask(NODE, {"id": customer}, caller=caller)
    assert reply.codes == codes
    if codes:
        assert not (reply.data or {}).get("node")
        assert customer not in str(reply.body)
        assert seen == []


async def test_a_denied_kind_is_denied_whether_or_not_the_row_exists(world: World) -> None:
    bodies = []
    for id_ in (new_id(), (await ids_of(world, "customers"))[0], (await ids_of(world, "customers", "globex"))[0]):
        bodies.append((await world.ask(NODE, {"id": f"cus_{id_}"}, caller="partner")).body)  # noqa: PERF401
    assert bodies[0] == bodies[1] == bodies[2]
    (error,) = bodies[0]["errors"]
    assert error["path"] == ["node"]
    assert error["extensions"] == {
        "code": "FORBIDDEN",
        "permission": "customers:read",
        "coordinate": "Customer",
        "occurrences": 1,
        "requestId": "req-test",
    }


async def test_denied_nodes_are_null_with_one_error_at_the_first(world: World) -> None:
    order, customer, product = await public_ids(world)
    reply = await world.ask(NODES, {"ids": [order, customer, product, customer, f"cus_{new_id()}"]}, caller="partner")
    assert [node and node["id"] for node in reply.data["nodes"]] == [order, None, product, None, None]
    (error,) = reply.errors
    assert error["path"] == ["nodes", 1]
    assert (error["extensions"]["code"], error["extensions"]["occurrences"]) == ("FORBIDDEN", 3)


async def test_a_gated_field_behind_a_node_is_null_for_those_without(world: World) -> None:
    document = "query($id: ID!) { node(id: $id) { ... on Customer { name email } ... on Order { number } } }"
    order, customer, _ = await public_ids(world)
    reply = await world.ask(document, {"id": customer}, caller="viewer")
    assert reply.data["node"]["name"]
    assert reply.data["node"]["email"] is None
    assert [error["path"] for error in reply.errors] == [["node", "email"]]
    assert (await world.ask(document, {"id": order}, caller="viewer")).errors == []
