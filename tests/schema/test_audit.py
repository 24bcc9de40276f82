"""The audit trail as it is read: for those who may, of their tenant alone, and with no value that they may not see."""

from dataclasses import replace
from typing import Any

import pytest

from db.scopes import scope_of
from tests.support.facts import CREATE, MOVE, UPDATE, ids_of, look, new_order, shop_of
from tests.support.world import USER, World

LOG = """query($where: AuditWhere, $first: Int, $after: String, $orderBy: [AuditSort!]) {
    auditLog(where: $where, first: $first, after: $after, orderBy: $orderBy) {
        nodes { id createdAt kind action outcome count credential elevated operationName requestId entity entityId
            actor { id name } coordinates denials { coordinate permission }
            changes { field before after hidden } }
        pageInfo { hasNextPage endCursor } totalCount } }"""
HISTORY = """query($id: ID!, $first: Int, $after: String) { orderHistory(id: $id, first: $first, after: $after) {
    nodes { action actor { name } changes { field before after hidden } } pageInfo { hasNextPage endCursor } } }"""
NEW_CUSTOMER = "mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }"
EMAIL = (
    "mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } userErrors { code } } }"
)


async def log(world: World, caller: Any = "admin", **variables: Any) -> list[dict[str, Any]]:  # Any: a caller, JSON
    answer = await world.ask(LOG, variables, caller=caller)
    assert answer.errors == []
    nodes: list[dict[str, Any]] = answer.data["auditLog"]["nodes"]
    return nodes


def of(entity_id: str) -> dict[str, Any]:  # Any: JSON
    return {"entityId": {"eq": entity_id}}


async def test_a_change_is_told_with_who_made_it_and_what_it_changed(world: World) -> None:
    order = await new_order(world, notes="as was")
    await world.ask(UPDATE, {"input": {"id": order, "notes": "new"}})
    newest, made = await log(world, where=of(order))
    assert (newest["action"], newest["kind"], newest["outcome"], newest["count"]) == (
        *("updateOrder", "MUTATION", "ALLOWED"),
        1,
    )
    assert (newest["entity"], newest["requestId"], newest["elevated"]) == ("order", "req-test", False)
    assert newest["changes"] == [{"field": "notes", "before": "as was", "after": "new", "hidden": False}]
    told = {each["field"]: each for each in made["changes"]}
    assert (told["status"]["before"], told["status"]["after"]) == (None, "PENDING")
    assert told["total"]["after"].keys() == {"amount", "currency"}
    assert told["customer"]["after"]["id"].startswith("cus_")


async def test_an_actor_is_a_user_by_its_name(fresh_world: World) -> None:
    directory = fresh_world.database.directory
    user = await directory.user_by_email("admin@acme.example")
    assert user is not None
    order = await new_order(fresh_world)
    await look(fresh_world, "UPDATE audit_log SET actor_id = $1::uuid WHERE entity_id = $2", user["id"], order)
    (record,) = await log(fresh_world, where=of(order))
    assert record["actor"] == {"id": f"usr_{user['id']}", "name": user["name"]}
    (by_actor,) = await log(fresh_world, where={"actorId": {"eq": f"usr_{user['id']}"}})
    assert by_actor["entityId"] == order


async def test_amounts_are_told_with_their_currency(world: World) -> None:
    (product,) = await ids_of(world, "products")
    document = """mutation($input: UpdateProductInput!) { updateProduct(input: $input) { userErrors { code } } }"""
    await world.ask(document, {"input": {"id": f"prd_{product}", "price": "7.50"}})
    record = (await log(world, where=of(f"prd_{product}"), first=1))[0]
    (change,) = record["changes"]
    assert (change["field"], change["after"]["amount"]) == ("price", "7.50")
    assert len(change["after"]["currency"]) == 3


async def test_values_behind_a_gate_are_hidden_from_an_auditor_without_it(world: World) -> None:
    (customer,) = await ids_of(world, "customers", count=1)
    given = {"input": {"id": f"cus_{customer}", "email": "hidden@audited.example"}}
    await world.ask(EMAIL, given)
    auditor = world.principal("admin", grants=frozenset({"admin:audit", "customers:read"}))
    (change,) = (await log(world, auditor, where=of(f"cus_{customer}"), first=1))[0]["changes"]
    assert change == {"field": "email", "before": None, "after": None, "hidden": True}
    outsider = world.principal("admin", grants=frozenset({"admin:audit"}))
    answer = await world.ask(LOG, {"where": of(f"cus_{customer}")}, caller=outsider)
    assert "audited.example" not in str(answer.body)
    seen = (await log(world, where=of(f"cus_{customer}"), first=1))[0]["changes"]
    assert [each["after"] for each in seen] == ["hidden@audited.example"]


@pytest.mark.parametrize("caller", ["manager", "viewer", "partner", None])
async def test_it_takes_a_permission(world: World, caller: str | None) -> None:
    answer = await world.ask("{ auditLog { nodes { id } } }", caller=caller)
    assert answer.data is None
    assert set(answer.codes) == {"UNAUTHENTICATED" if caller is None else "FORBIDDEN"}


async def test_another_tenants_trail_is_not_there(world: World) -> None:
    order = await new_order(world)
    assert await log(world, world.principal("admin", "globex"), where=of(order)) == []
    answer = await world.ask(HISTORY, {"id": order}, caller=world.principal("admin", "globex"))
    assert answer.data == {"orderHistory": None}


async def test_the_engine_answers_both(fresh_world: World) -> None:
    order = await new_order(fresh_world)
    engine = fresh_world.gateway.engine
    assert engine is not None
    before = engine.ran["engine"]
    await log(fresh_world, where=of(order))
    await fresh_world.ask(HISTORY, {"id": order})
    assert engine.ran["engine"] == before + 2, engine.ran


async def test_it_is_paged_the_newest_first_and_by_time(world: World) -> None:
    order = await new_order(world)
    for note in ("one", "two", "three"):
        await world.ask(UPDATE, {"input": {"id": order, "notes": note}})
    first = (await world.ask(LOG, {"where": of(order), "first": 2})).data["auditLog"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (4, True)
    after = first["pageInfo"]["endCursor"]
    second = (await world.ask(LOG, {"where": of(order), "first": 2, "after": after})).data["auditLog"]
    notes = [
        each["after"]
        for node in first["nodes"] + second["nodes"]
        for each in node["changes"]
        if each["field"] == "notes"
    ]
    assert notes == ["three", "two", "one"]
    upward = await log(world, where=of(order), orderBy=[{"field": "CREATED_AT", "direction": "ASC"}])
    assert [node["action"] for node in upward] == ["createOrder", *["updateOrder"] * 3]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"action": {"eq": "changeOrderStatus"}}, 1),
        ({"action": {"in": ["createOrder", "changeOrderStatus"]}}, 2),
        ({"entity": {"eq": "order"}}, 2),
        ({"entity": {"eq": "customer"}}, 0),
        ({"outcome": {"eq": "DENIED"}}, 0),
        ({"operationName": {"eq": "Nobody"}}, 0),
        ({"actorId": {"eq": f"usr_{USER}"}}, 2),
        ({"createdAt": {"lt": "2020-01-01T00:00:00Z"}}, 0),
        ({"not": {"action": {"eq": "createOrder"}}}, 1),
    ],
    ids=str,
)
async def test_each_filter_filters(world: World, where: dict[str, Any], count: int) -> None:  # Any: JSON
    order = await new_order(world)
    await world.ask(MOVE, {"input": {"id": order, "status": "CONFIRMED"}})
    assert len(await log(world, where={"and": [of(order), where]})) == count


async def test_an_orders_history_tells_its_changes_to_whoever_reads_orders(world: World) -> None:
    order = await new_order(world, notes="as was")
    await world.ask(MOVE, {"input": {"id": order, "status": "CONFIRMED"}})
    nodes = (await world.ask(HISTORY, {"id": order}, caller="viewer")).data["orderHistory"]["nodes"]
    assert [node["action"] for node in nodes] == ["changeOrderStatus", "createOrder"]
    assert nodes[0]["changes"] == [{"field": "status", "before": "PENDING", "after": "CONFIRMED", "hidden": False}]


async def test_a_history_leaves_out_what_its_reader_may_not_see(world: World) -> None:
    shop = await shop_of(world)
    order = (await world.ask(CREATE, {"input": shop.draft()})).data["createOrder"]["order"]["id"]
    await world.ask(UPDATE, {"input": {"id": order, "customerId": shop.customers[1]}})
    seen = (await world.ask(HISTORY, {"id": order}, caller="partner")).data["orderHistory"]["nodes"]
    assert [node["changes"] == [] for node in seen] == [True, False]
    assert "cus_" not in str(seen)
    full = (await world.ask(HISTORY, {"id": order}, caller="viewer")).data["orderHistory"]["nodes"]
    assert full[0]["changes"][0]["after"] == {"id": shop.customers[1]}


@pytest.mark.parametrize("given", ["ord_" + "0" * 32, "cus_" + "0" * 32, "nonsense"])
async def test_the_history_of_nothing_is_null(world: World, given: str) -> None:
    answer = await world.ask(HISTORY, {"id": given})
    assert answer.data == {"orderHistory": None}
    assert answer.codes == ([] if given.startswith("ord_") else ["BAD_USER_INPUT"])


async def test_within_a_narrower_scope_the_trail_is_what_the_caller_did(world: World) -> None:
    order, me = await new_order(world, notes="not yours"), "00000000000070008000000000000007"
    caller = replace(world.principal(), user_id=me, scope=scope_of(["OWN"], me))
    customer = {"name": "Zoë", "email": "zoe@own.example", "city": "Köln", "country": "DE"}
    made = (await world.ask(NEW_CUSTOMER, {"input": customer}, caller=caller)).data["createCustomer"]["customer"]["id"]
    draft = (await shop_of(world)).draft(customerId=made)
    own = (await world.ask(CREATE, {"input": draft}, caller=caller)).data["createOrder"]["order"]["id"]
    await world.ask(UPDATE, {"input": {"id": own, "notes": "by another"}})
    told = [(each["action"], each["entityId"]) for each in await log(world, caller)]
    assert told == [("createOrder", own), ("createCustomer", made)]
    assert await log(world, caller, where=of(order)) == []
    (entry,) = (await world.ask(HISTORY, {"id": own}, caller=caller)).data["orderHistory"]["nodes"]
    assert entry["action"] == "createOrder"
    assert (await world.ask(HISTORY, {"id": order}, caller=caller)).data == {"orderHistory": None}
