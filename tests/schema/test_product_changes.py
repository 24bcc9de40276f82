"""The mutations of products: what they answer, what they refuse, and who may use them."""

import pytest

from db.ids import new_id
from tests.support.facts import Json, footprint, row_of
from tests.support.lists import listed
from tests.support.world import World

CREATE = """mutation($input: CreateProductInput!) { createProduct(input: $input) {
    product { id sku name price { amount currency } version } userErrors { __typename code message field } } }"""
UPDATE = """mutation($input: UpdateProductInput!) { updateProduct(input: $input) {
    product { id sku name price { amount currency } version } userErrors { __typename code message field } } }"""


def good() -> Json:
    return {"sku": f"SKU-{new_id()}", "name": "Blue Lamp", "price": "12.50", "currency": "EUR"}


async def a_product(world: World) -> Json:
    found: Json = (await world.ask(CREATE, {"input": good()})).data["createProduct"]["product"]
    return found


async def test_a_product_is_created_priced_exactly_and_found_by_its_sku(world: World) -> None:
    given = good()
    made = (await world.ask(CREATE, {"input": given})).data["createProduct"]
    assert made["userErrors"] == []
    assert made["product"]["price"] == {"amount": "12.50", "currency": "EUR"}
    assert (await row_of(world, "products", made["product"]["id"].removeprefix("prd_")))["price"] == 1250
    assert await listed(world, "Product", search=given["sku"]) == [made["product"]["id"].removeprefix("prd_")]


@pytest.mark.parametrize(
    ("given", "price"),
    [
        ({"price": "13"}, {"amount": "13.00", "currency": "EUR"}),
        ({"price": "1e1"}, {"amount": "10.00", "currency": "EUR"}),
        ({"price": "0"}, {"amount": "0.00", "currency": "EUR"}),
        ({"price": "1200", "currency": "JPY"}, {"amount": "1200", "currency": "JPY"}),
        ({"currency": "USD"}, {"amount": "12.50", "currency": "USD"}),
    ],
)
async def test_a_price_is_changed_as_written(world: World, given: Json, price: Json) -> None:
    product = await a_product(world)
    reply = await world.ask(UPDATE, {"input": {"id": product["id"], "expectedVersion": 1, **given}})
    assert reply.data["updateProduct"] == {"product": {**product, "price": price, "version": 2}, "userErrors": []}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"id": "prd_x"}, "INVALID", ["id"]),
        ({"id": "prd_" + "0" * 32}, "NOT_FOUND", ["id"]),
        ({"price": None}, "REQUIRED", ["price"]),
        ({"price": "12.505"}, "INVALID", ["price"]),
        ({"price": "-1"}, "OUT_OF_RANGE", ["price"]),
        ({"price": "9223372036854775807"}, "OUT_OF_RANGE", ["price"]),
        ({"currency": "JPY"}, "INVALID", ["price"]),
        ({"currency": "eur"}, "UNKNOWN_CURRENCY", ["currency"]),
        ({"sku": ""}, "REQUIRED", ["sku"]),
        ({"expectedVersion": 2}, "CONFLICT", ["expectedVersion"]),
    ],
)
async def test_a_refused_change_is_told_with_code_and_field(
    world: World, given: Json, code: str, field: list[str]
) -> None:
    product, _ = await a_product(world), await a_product(world)
    before = await footprint(world)
    reply = await world.ask(UPDATE, {"input": {"id": product["id"], **given}})
    (error,) = reply.data["updateProduct"]["userErrors"]
    assert (reply.data["updateProduct"]["product"], error["code"], error["field"]) == (None, code, field)
    assert await footprint(world) == before


async def test_a_sku_that_is_taken_is_told(world: World) -> None:
    taken, other = await a_product(world), await a_product(world)
    for document, given in (
        (CREATE, {**good(), "sku": taken["sku"]}),
        (UPDATE, {"id": other["id"], "sku": taken["sku"]}),
    ):
        (payload,) = (await world.ask(document, {"input": given})).data.values()
        (error,) = payload["userErrors"]
        assert (payload["product"], error["__typename"], error["code"], error["field"]) == (
            *(None, "InputError", "TAKEN", ["sku"]),
        )


@pytest.mark.parametrize(
    ("caller", "code"),
    [(None, "UNAUTHENTICATED"), ("partner", "FORBIDDEN"), ("manager", "FORBIDDEN"), ("admin", None)],
)
async def test_only_those_who_may_write_write(world: World, caller: str | None, code: str | None) -> None:
    product = await a_product(world)
    before = await footprint(world)
    for document, given in ((CREATE, good()), (UPDATE, {"id": product["id"], "name": "mine"})):
        async with world.statements() as seen:
            reply = await world.ask(document, {"input": given}, caller=caller)
        assert set(reply.codes) == ({code} if code else set())
        assert (seen == [], "data" in reply.body) == (code is not None, code is None)
    assert (await footprint(world) == before) is (code is not None)
