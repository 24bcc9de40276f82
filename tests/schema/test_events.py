"""Events of any noun: customers and products are watched as orders are, each by its own permissions."""

import asyncio
import json
from contextlib import aclosing

import pytest

from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from schema.execute import Answer, OperationRequest
from tests.support.facts import Json, new_order
from tests.support.world import KEY, World

CUSTOMERS = """subscription($after: String, $where: CustomerWhere, $types: [CustomerEventType!]) {
    customerEvents(after: $after, where: $where, types: $types) {
        type id patch cursor } }"""
ROWS = "subscription($after: String) { customerEvents(after: $after) { patch customer { id name city version } } }"
PRODUCTS = """subscription($after: String, $where: ProductWhere, $types: [ProductEventType!]) {
    productEvents(after: $after, where: $where, types: $types) {
        type id patch cursor product { id sku price { amount } } } }"""
NEW_CUSTOMER = """mutation($input: CreateCustomerInput!) {
    createCustomer(input: $input) { customer { id } userErrors { code } } }"""
NEW_PRODUCT = """mutation($input: CreateProductInput!) {
    createProduct(input: $input) { product { id } userErrors { code } } }"""
CUSTOMER = {"name": "Zoë Müller", "email": "zoe@mueller.example", "city": "Köln", "country": "DE"}
PRODUCT = {"sku": "SKU-EVENTS", "name": "Blue Lamp", "price": "12.50", "currency": "EUR"}


async def make(world: World, document: str, given: Json) -> str:
    (payload,) = (await world.ask(document, {"input": given})).data.values()
    assert payload["userErrors"] == []
    (row,) = (value for name, value in payload.items() if name != "userErrors")
    return str(row["id"])


async def update(world: World, noun: str, **changes: object) -> None:
    document = f"mutation($i: Update{noun}Input!) {{ update{noun}(input: $i) {{ userErrors {{ code }} }} }}"
    reply = await world.ask(document, {"i": changes})
    assert reply.data == {f"update{noun}": {"userErrors": []}}


async def here(world: World) -> str:
    """The cursor of the newest event."""
    tenant = world.tenants["acme"]
    return EventCursorCodec([KEY], epoch=7).encode(tenant, await world.hub.head(tenant))


async def told(
    world: World, document: str, after: str, count: int, caller: Principal | str = "admin", **variables: object
) -> list[Json]:
    """The next events after a cursor."""
    stream = await world.subscribe(document, {"after": after, **variables}, caller=caller)
    async with aclosing(stream), asyncio.timeout(60):
        frames = aiter(stream)
        found = [json.loads((await anext(frames)).payload)["data"] for _ in range(count)]
    return [event for data in found for event in data.values()]


async def test_customers_are_watched_and_other_nouns_are_not_told(world: World) -> None:
    start = await here(world)
    await new_order(world)
    customer = await make(world, NEW_CUSTOMER, CUSTOMER)
    await new_order(world)
    await update(world, "Customer", id=customer, city="Łódź")
    created, updated = await told(world, CUSTOMERS, start, 2)
    assert (created["type"], updated["type"]) == ("customer.created", "customer.updated")
    assert {created["id"], updated["id"]} == {customer}
    assert created["patch"] == {
        **CUSTOMER,
        **{key: created["patch"][key] for key in ("id", "version", "createdAt", "updatedAt")},
    }
    assert updated["patch"].keys() == {"city", "version", "updatedAt"}
    created, updated = await told(world, ROWS, start, 2)
    assert created["patch"].keys() == {"id", "name", "city", "version", "updatedAt"}
    assert updated["customer"] == {"id": customer, "name": "Zoë Müller", "city": "Łódź", "version": 2}


async def test_products_are_watched_with_prices_as_the_schema_writes_them(fresh_world: World) -> None:
    start = await here(fresh_world)
    product = await make(fresh_world, NEW_PRODUCT, PRODUCT)
    await update(fresh_world, "Product", id=product, price="13")
    created, updated = await told(fresh_world, PRODUCTS, start, 2, "partner")
    assert (created["type"], updated["type"]) == ("product.created", "product.updated")
    assert created["patch"]["price"] == {"amount": "12.50", "currency": "EUR"}
    assert updated["patch"] == {
        "price": {"amount": "13.00", "currency": "EUR"},
        **{key: updated["patch"][key] for key in ("version", "updatedAt")},
    }
    assert updated["product"] == {"id": product, "sku": "SKU-EVENTS", "price": {"amount": "13.00"}}


async def test_an_email_is_told_to_those_who_may_see_it_and_its_change_to_nobody_else(world: World) -> None:
    customer = await make(world, NEW_CUSTOMER, CUSTOMER)
    start = await here(world)
    await update(world, "Customer", id=customer, email="new@mueller.example")
    await update(world, "Customer", id=customer, city="Łódź", email="newer@mueller.example")
    await update(world, "Customer", id=customer, name="Zoë Zebra")
    seen = await told(world, CUSTOMERS, start, 3, "manager")
    hidden = await told(world, CUSTOMERS, start, 2, "viewer")
    assert [event["patch"].get("email") for event in seen] == ["new@mueller.example", "newer@mueller.example", None]
    assert [event["patch"].keys() - {"version", "updatedAt"} for event in hidden] == [{"city"}, {"name"}]
    assert "mueller.example" not in json.dumps(hidden)


async def test_a_change_is_told_to_who_matches_it_before_or_after(world: World) -> None:
    start = await here(world)
    customer = await make(world, NEW_CUSTOMER, {**CUSTOMER, "city": "Here"})
    await update(world, "Customer", id=customer, name="Somebody")
    await update(world, "Customer", id=customer, city="There")
    await update(world, "Customer", id=customer, name="Else")
    here_ = await told(world, CUSTOMERS, start, 3, where={"city": {"eq": "Here"}})
    assert [event["patch"]["version"] for event in here_] == [1, 2, 3]
    there = await told(world, CUSTOMERS, start, 2, where={"city": {"eq": "There"}})
    assert [event["patch"]["version"] for event in there] == [3, 4]
    (created,) = await told(world, CUSTOMERS, start, 1, types=["CREATED"], where={"id": {"eq": customer}})
    assert created["type"] == "customer.created"


@pytest.mark.parametrize(
    ("document", "caller", "variables", "code"),
    [
        (CUSTOMERS, None, {}, "UNAUTHENTICATED"),
        (CUSTOMERS, "partner", {}, "FORBIDDEN"),
        (CUSTOMERS, "viewer", {"where": {"email": {"contains": "@"}}}, "FORBIDDEN"),
        (PRODUCTS, None, {}, "UNAUTHENTICATED"),
    ],
)
async def test_who_may_not_watch_a_noun_gets_no_stream(
    world: World, document: str, caller: str | None, variables: Json, code: str
) -> None:
    who = None if caller is None else world.principal(caller)
    answer = await world.gateway.answer(OperationRequest(document, variables, None, None, "r", allow_stream=True), who)
    assert isinstance(answer, Answer)
    assert answer.code == code
    assert b"data" not in answer.body
