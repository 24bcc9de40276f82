"""Products as they are spoken."""

import pytest

from db.money import format_amount
from schema.scalars import write_time
from tests.support.facts import Json, ids_of, row_of
from tests.support.lists import listed, rows_of, said
from tests.support.world import World

PRODUCT = """query($id: ID!) { node(id: $id) { ... on Product {
    id sku name price { amount currency } version createdAt updatedAt } } }"""


async def test_every_field_of_a_product_says_what_the_row_holds(world: World) -> None:
    (id_,) = await ids_of(world, "products")
    row = await row_of(world, "products", id_)
    reply = await world.ask(PRODUCT, {"id": f"prd_{id_}"}, caller="partner")
    assert reply.data["node"] == {
        "id": f"prd_{id_}",
        "sku": row["sku"],
        "name": row["name"],
        "price": {"amount": format_amount(row["price"], row["currency"]), "currency": row["currency"]},
        "version": row["version"],
        "createdAt": write_time(row["created_at"]),
        "updatedAt": write_time(row["updated_at"]),
    }


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ({"sku": {"startsWith": "A"}}, "sku LIKE 'A%'"),
        ({"sku": {"in": ["x"]}}, "false"),
        ({"name": {"contains": ","}}, "name LIKE '%,%'"),
        ({"price": {"gt": "500"}}, "price > 50000"),
        ({"price": {"gte": "10.005", "lt": "99.995"}}, "price >= 1001 AND price < 10000"),
        ({"price": {"lte": "20"}}, "price <= 2000"),
        ({"createdAt": {"lt": "2026-01-01T00:00:00Z"}}, "created_at < '2026-01-01Z'"),
        ({"updatedAt": {"gte": "2026-01-01T00:00:00Z"}}, "updated_at >= '2026-01-01Z'"),
        ({"or": [{"price": {"lt": "10"}}, {"not": {"name": {"contains": "a"}}}]}, "price < 1000 OR name !~ 'a'"),
    ],
)
async def test_a_filter_finds_what_sql_says(world: World, where: Json, sql: str) -> None:
    assert set(await listed(world, "Product", where=where)) == await said(world, "Product", sql)


@pytest.mark.parametrize("operator", ["eq", "in"])
async def test_a_price_is_matched_exactly(world: World, operator: str) -> None:
    (id_,) = await ids_of(world, "products")
    price = (await row_of(world, "products", id_))["price"]
    exact, finer = f"{price // 100}.{price % 100:02d}", f"{price // 100}.{price % 100:02d}1"
    for amount, found in ((exact, True), (exact + "0", True), (finer, False)):
        value = [amount] if operator == "in" else amount
        assert (id_ in await listed(world, "Product", where={"price": {operator: value}})) is found


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("NAME", "name_key"),
        ("SKU", "sku"),
        ("PRICE", "price"),
        ("CREATED_AT", "created_at"),
        ("UPDATED_AT", "updated_at"),
    ],
)
async def test_a_list_is_sorted_as_asked(world: World, field: str, column: str, direction: str) -> None:
    found = await listed(world, "Product", orderBy=[{"field": field, "direction": direction}])
    rows = {row["id"]: row for row in await rows_of(world, "Product")}
    assert len(found) == min(500, len(rows))
    values = [(rows[id_][column], id_) for id_ in found]
    assert values == sorted(values, reverse=direction == "DESC")


async def test_a_product_is_found_by_the_words_of_its_name_and_sku(world: World) -> None:
    (id_,) = await ids_of(world, "products")
    row = await row_of(world, "products", id_)
    for search in (row["sku"], row["name"].upper(), row["sku"].split("-")[2]):
        assert id_ in await listed(world, "Product", "partner", search=search)


@pytest.mark.parametrize(("caller", "code"), [("nobody", "UNAUTHENTICATED"), ("without", "FORBIDDEN"), ("other", None)])
async def test_products_are_for_their_tenant_and_those_who_may_read_them(
    world: World, caller: str, code: str | None
) -> None:
    who = {
        "nobody": None,
        "without": world.principal(grants=frozenset({"orders:read", "customers:*"})),
        "other": world.principal("partner", "globex"),
    }[caller]
    own = set(await ids_of(world, "products", "acme", 1_000))
    for document in ("{ products { nodes { id } } }", "{ orders { nodes { items { product { id } } } } }"):
        async with world.statements() as seen:
            reply = await world.ask(document, caller=who)
        assert reply.code == code
        assert not any(id_ in str(reply.body) for id_ in own)
        if code is not None:
            assert ("data" in reply.body, seen) == (False, [])
