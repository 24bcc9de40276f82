"""Golden tests: a change, and exactly the statements it costs."""

from uuid import uuid4

import pytest

from tests.golden.test_statements import statements, tables
from tests.support.facts import CREATE, Json, new_order, shop_of
from tests.support.world import World


async def test_a_creation_is_one_transaction_of_six_statements(world: World) -> None:
    seen = await statements(world, CREATE, {"input": (await shop_of(world)).draft()})
    assert tables(seen) == ["products", "customers", "orders", "order_items", "order_terms", "event_heads"]


UPDATE = "mutation($i: UpdateOrderInput!) { updateOrder(input: $i) { order { id version } } }"
MOVE = "mutation($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) { order { id version } } }"


@pytest.mark.parametrize(
    ("document", "change", "expected"),
    [
        (MOVE, {"status": "CONFIRMED"}, ["orders", "orders", "event_heads"]),
        (MOVE, {"status": "PENDING"}, ["orders"]),
        (MOVE, {"status": "SHIPPED"}, ["orders"]),
        (MOVE, {"status": "CONFIRMED", "expectedVersion": 9}, ["orders"]),
        (UPDATE, {}, ["orders"]),
        (UPDATE, {"notes": "new"}, ["orders", "orders", "order_terms", "order_terms", "event_heads"]),
        (UPDATE, {"notes": None, "id": "ord_x"}, []),
    ],
)
async def test_a_change_locks_writes_and_logs_and_nothing_else(
    world: World, document: str, change: Json, expected: list[str]
) -> None:
    order = await new_order(world)
    assert tables(await statements(world, document, {"i": {"id": order, **change}})) == expected


CUSTOMER = {"name": "Zoë", "email": "zoe@mueller.example", "city": "Köln", "country": "DE"}
PRODUCT = {"sku": "GOLDEN", "name": "Öl", "price": "1", "currency": "EUR"}
ANOTHER = {"expectedVersion": 9}


async def new_row(world: World, noun: str) -> str:
    """A public id: of a row that no other test changes, to what this one would change it to."""
    given = CUSTOMER if noun == "Customer" else PRODUCT | {"sku": f"GOLDEN-{uuid4().hex}"}
    document = "mutation($i: Create%sInput!) { create%s(input: $i) { made: %s { id } } }"
    reply = await world.ask(document % (noun, noun, noun.lower()), {"i": given | {"name": "Anew"}})
    public: str = reply.data[f"create{noun}"]["made"]["id"]
    return public


@pytest.mark.parametrize(
    ("verb", "noun", "given", "expected"),
    [
        ("create", "Customer", CUSTOMER, ["customers", "customer_terms", "event_heads"]),
        ("update", "Customer", {"city": "Łódź"}, ["customers", "customers", "event_heads"]),
        (
            *("update", "Customer", {"name": "Zoë"}),
            ["customers", "customers", "customer_terms", "customer_terms", "event_heads"],
        ),
        ("update", "Customer", ANOTHER, ["customers"]),
        ("create", "Product", PRODUCT, ["products", "products", "product_terms", "event_heads"]),
        ("update", "Product", {"price": "0.07"}, ["products", "products", "event_heads"]),
        ("update", "Product", ANOTHER, ["products"]),
    ],
)
async def test_a_change_of_the_other_nouns_costs_as_little(
    world: World, verb: str, noun: str, given: Json, expected: list[str]
) -> None:
    field = f"{verb}{noun}"
    document = f"mutation($i: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $i) {{ userErrors {{ code }} }} }}"
    row = {} if verb == "create" else {"id": await new_row(world, noun)}
    assert tables(await statements(world, document, {"i": {**row, **given}})) == expected


async def test_a_ring_of_the_bell_writes_it_its_words_and_the_log(world: World) -> None:
    document = "mutation($i: AnnounceInput!) { announce(input: $i) { userErrors { code } } }"
    seen = await statements(world, document, {"i": {"kind": "NOTICE", "text": "golden"}})
    assert tables(seen) == ["announcements", "announcement_terms", "event_heads"]
