"""The mutations of orders: what they answer, what they refuse with which code and field, and what they leave."""

import pytest

from db.ids import new_id
from tests.support.facts import CREATE, MOVE, UPDATE, Json, footprint, ids_of, look, new_order, newest, row_of, shop_of
from tests.support.world import World


async def errors_of(world: World, document: str, given: Json) -> list[tuple[str, str, list[str]]]:
    """The user errors of a mutation that did nothing."""
    before = await footprint(world)
    reply = await world.ask(document, {"input": given})
    (payload,) = reply.data.values()
    assert payload["order"] is None
    assert await footprint(world) == before
    return [(error["__typename"], error["code"], error["field"]) for error in payload["userErrors"]]


async def test_an_order_is_created_with_its_items_event_and_audit_record(world: World) -> None:
    shop, held = await shop_of(world), await footprint(world)
    items = [{"productId": shop.products[0], "quantity": 2}, {"productId": shop.products[1], "quantity": 1}]
    reply = await world.ask(CREATE, {"input": shop.draft(notes="Zoë’s “gift”, 3½ × 2", items=items)})
    order = reply.data["createOrder"]["order"]
    assert reply.data["createOrder"]["userErrors"] == []
    assert (order["status"], order["version"], order["notes"]) == ("PENDING", 1, "Zoë’s “gift”, 3½ × 2")
    prices = [(await row_of(world, "products", product.removeprefix("prd_")))["price"] for product in shop.products[:2]]
    cents = 2 * prices[0] + prices[1]
    assert order["total"]["amount"] == f"{cents // 100}.{cents % 100:02d}"
    grown = [after - before for before, after in zip(held, await footprint(world), strict=True)]
    assert (grown[0], grown[1]) == (1, 2)
    assert (grown[7], grown[9]) == (1, 1)
    hex_id = order["id"].removeprefix("ord_")
    assert ((await newest(world, "event_log"))["type"], (await newest(world, "audit_log"))["action"]) == (
        "order.created",
        "createOrder",
    )
    assert (await newest(world, "event_log"))["entity_id"] == hex_id
    assert (await newest(world, "audit_log"))["entity_id"] == order["id"]
    found = await world.ask("query($s: String) { orders(search: $s) { nodes { id } } }", {"s": order["number"]})
    assert [node["id"] for node in found.data["orders"]["nodes"]] == [order["id"]]


CREATIONS: list[tuple[Json, list[tuple[str, list[str]]]]] = [
    ({"currency": "XXX"}, [("UNKNOWN_CURRENCY", ["currency"])]),
    ({"currency": ""}, [("UNKNOWN_CURRENCY", ["currency"])]),
    ({"items": []}, [("REQUIRED", ["items"])]),
    ({"notes": "n" * 4_001}, [("TOO_LONG", ["notes"])]),
    ({"customerId": "cus_x"}, [("INVALID", ["customerId"])]),
    ({"customerId": "ord_" + "0" * 32}, [("INVALID", ["customerId"])]),
    ({"customerId": "cus_" + "0" * 32}, [("NOT_FOUND", ["customerId"])]),
    (
        {"items": [{"productId": "x", "quantity": 1}, {"productId": "prd_y", "quantity": 1}]},
        [("INVALID", ["items", "0", "productId"]), ("INVALID", ["items", "1", "productId"])],
    ),
    ({"items": [{"productId": "prd_" + "0" * 32, "quantity": 1}]}, [("NOT_FOUND", ["items", "0", "productId"])]),
]


@pytest.mark.parametrize(("changes", "expected"), CREATIONS)
async def test_a_fault_of_a_new_order_is_told_with_code_and_field(
    world: World, changes: Json, expected: list[tuple[str, list[str]]]
) -> None:
    shop = await shop_of(world)
    found = await errors_of(world, CREATE, shop.draft(**changes))
    assert found == [("InputError", code, field) for code, field in expected]


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 2**31 - 1, -(2**31)])
async def test_a_quantity_out_of_range_is_told(world: World, quantity: int) -> None:
    shop = await shop_of(world)
    found = await errors_of(world, CREATE, shop.draft(items=[{"productId": shop.products[0], "quantity": quantity}]))
    assert found == [("InputError", "OUT_OF_RANGE", ["items", "0", "quantity"])]


@pytest.mark.parametrize("count", [50, 150])
async def test_too_many_items_are_told(world: World, count: int) -> None:
    shop = await shop_of(world)
    item = {"productId": shop.products[0], "quantity": 1}
    assert await errors_of(world, CREATE, shop.draft(items=[item] * count)) == [("InputError", "TOO_MANY", ["items"])]


async def test_a_product_in_another_currency_is_told(world: World) -> None:
    shop = await shop_of(world)
    found = await errors_of(world, CREATE, shop.draft(currency="JPY"))
    assert found == [("InputError", "CURRENCY_MISMATCH", ["items", "0", "productId"])]


async def test_foreign_ids_answer_like_unknown_ones(world: World) -> None:
    mine, theirs, order = await shop_of(world), await shop_of(world, "globex"), await new_order(world)
    foreign_order = f"ord_{(await ids_of(world, 'orders', 'globex'))[0]}"
    for customer in (theirs.customers[0], f"cus_{new_id()}"):
        assert await errors_of(world, CREATE, mine.draft(customerId=customer)) == [
            ("InputError", "NOT_FOUND", ["customerId"])
        ]
        assert await errors_of(world, UPDATE, {"id": order, "customerId": customer}) == [
            ("InputError", "NOT_FOUND", ["customerId"])
        ]
    for product in (theirs.products[0], f"prd_{new_id()}"):
        assert await errors_of(world, CREATE, mine.draft(items=[{"productId": product, "quantity": 1}])) == [
            ("InputError", "NOT_FOUND", ["items", "0", "productId"])
        ]
    for unknown in (foreign_order, f"ord_{new_id()}"):
        for version in (None, 1, 7):
            expected = [("InputError", "NOT_FOUND", ["id"])]
            assert await errors_of(world, UPDATE, {"id": unknown, "notes": "x", "expectedVersion": version}) == expected
            assert await errors_of(world, MOVE, {"id": unknown, "status": "CANCELLED"}) == expected


async def test_the_other_tenant_can_do_to_its_own_what_nobody_else_can(world: World) -> None:
    theirs = world.principal("manager", "globex")
    order = await new_order(world, caller=theirs)
    reply = await world.ask(MOVE, {"input": {"id": order, "status": "CONFIRMED"}}, caller=theirs)
    assert reply.data["changeOrderStatus"]["order"]["status"] == "CONFIRMED"
    assert await errors_of(world, MOVE, {"id": order, "status": "CANCELLED"}) == [("InputError", "NOT_FOUND", ["id"])]
    assert (await row_of(world, "orders", order.removeprefix("ord_")))["status"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("given", "notes", "version"),
    [
        ({}, "was", 1),
        ({"notes": None}, None, 2),
        ({"notes": "was"}, "was", 1),
        ({"notes": "is", "expectedVersion": 1}, "is", 2),
        ({"notes": "is", "expectedVersion": None}, "is", 2),
    ],
)
async def test_a_patch_changes_what_it_names(world: World, given: Json, notes: str | None, version: int) -> None:
    order = await new_order(world, notes="was")
    reply = await world.ask(UPDATE, {"input": {"id": order, **given}})
    assert reply.data["updateOrder"]["userErrors"] == []
    found = reply.data["updateOrder"]["order"]
    assert (found["notes"], found["version"]) == (notes, version)


async def test_an_order_moves_to_another_customer(world: World) -> None:
    order, shop = await new_order(world), await shop_of(world)
    await world.ask(UPDATE, {"input": {"id": order, "customerId": shop.customers[2]}})
    row = await row_of(world, "orders", order.removeprefix("ord_"))
    assert row["customer_id"] == shop.customers[2].removeprefix("cus_")


@pytest.mark.parametrize(
    ("document", "given", "code", "field"),
    [
        (UPDATE, {"customerId": None}, "REQUIRED", ["customerId"]),
        (UPDATE, {"customerId": "cus_x"}, "INVALID", ["customerId"]),
        (UPDATE, {"notes": "n" * 4_001}, "TOO_LONG", ["notes"]),
        (UPDATE, {"id": "nonsense"}, "INVALID", ["id"]),
        (MOVE, {"id": "cus_" + "0" * 32, "status": "CONFIRMED"}, "INVALID", ["id"]),
        (MOVE, {"status": "DELIVERED"}, "INVALID_TRANSITION", ["status"]),
        (MOVE, {"status": "REFUNDED", "expectedVersion": 1}, "INVALID_TRANSITION", ["status"]),
    ],
)
async def test_a_refused_change_is_told_with_code_and_field(
    world: World, document: str, given: Json, code: str, field: list[str]
) -> None:
    order = await new_order(world)
    assert await errors_of(world, document, {"id": order, **given}) == [("InputError", code, field)]


@pytest.mark.parametrize(("document", "change"), [(UPDATE, {"notes": "mine"}), (MOVE, {"status": "CONFIRMED"})])
@pytest.mark.parametrize("version", [1, 3, 0, -1, 2**31 - 1])
async def test_a_conflict_answers_the_order_as_it_is_now(
    world: World, document: str, change: Json, version: int
) -> None:
    order = await new_order(world)
    await world.ask(UPDATE, {"input": {"id": order, "notes": "theirs"}})
    before = await footprint(world)
    reply = await world.ask(document, {"input": {"id": order, "expectedVersion": version, **change}})
    (payload,) = reply.data.values()
    (error,) = payload["userErrors"]
    assert payload["order"] is None
    assert (error["__typename"], error["code"], error["field"]) == ("ConflictError", "CONFLICT", ["expectedVersion"])
    assert (error["current"]["id"], error["current"]["version"]) == (order, 2)
    assert await footprint(world) == before


MUTATIONS = {
    "createOrder": "mutation($c: ID!, $p: ID!, $u: String!) { createOrder(input: {customerId: $c, currency: $u, "
    "items: [{productId: $p, quantity: 1}]}) { order { id number } userErrors { code } } }",
    "updateOrder": 'mutation($o: ID!) { updateOrder(input: {id: $o, notes: "mine"}) { order { id number } } }',
    "changeOrderStatus": "mutation($o: ID!) { changeOrderStatus(input: {id: $o, status: CONFIRMED}) { order { id } } }",
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize(
    ("caller", "code"),
    [(None, "UNAUTHENTICATED"), ("partner", "FORBIDDEN"), ("viewer", "FORBIDDEN"), ("manager", None)],
)
async def test_only_those_who_may_write_write(
    world: World, mutation: str, caller: str | None, code: str | None
) -> None:
    order, shop = await new_order(world), await shop_of(world)
    before = await footprint(world)
    given = {"o": order, "c": shop.customers[0], "p": shop.products[0], "u": shop.currency}
    async with world.statements() as seen:
        reply = await world.ask(MUTATIONS[mutation], given, caller=caller)
    if code is None:
        assert reply.data[mutation]["order"]["id"].startswith("ord_")
        assert await footprint(world) != before
    else:
        assert set(reply.codes) == {code}
        assert "data" not in reply.body
        assert order not in str(reply.body)
        assert seen == []
        assert await footprint(world) == before


async def test_who_may_write_but_not_read_writes_and_sees_nothing(world: World) -> None:
    order = await new_order(world)
    blind = world.principal(grants=frozenset({"orders:write"}))
    reply = await world.ask(MUTATIONS["changeOrderStatus"], {"o": order}, caller=blind)
    assert reply.data == {"changeOrderStatus": {"order": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in reply.errors] == [
        (["changeOrderStatus", "order"], "FORBIDDEN")
    ]
    assert (await row_of(world, "orders", order.removeprefix("ord_")))["status"] == "CONFIRMED"


async def test_several_mutations_run_one_after_another_each_in_its_own_transaction(world: World) -> None:
    order = await new_order(world)
    document = (
        "mutation($o: ID!) { a: changeOrderStatus(input: {id: $o, status: CONFIRMED}) { order { version } }"
        " b: changeOrderStatus(input: {id: $o, status: DELIVERED}) { userErrors { code } }"
        " c: changeOrderStatus(input: {id: $o, status: PROCESSING}) { order { version } } }"
    )
    reply = await world.ask(document, {"o": order})
    assert reply.data["a"]["order"]["version"] == 2
    assert reply.data["b"]["userErrors"] == [{"code": "INVALID_TRANSITION"}]
    assert reply.data["c"]["order"]["version"] == 3
    sql = "SELECT type FROM event_log WHERE entity_id = $1 ORDER BY seq"
    logged = [row["type"] for row in await look(world, sql, order.removeprefix("ord_"))]
    assert logged == ["order.created", "order.status_changed", "order.status_changed"]
