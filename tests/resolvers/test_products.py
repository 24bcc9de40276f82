"""The rules by which products change."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from db.ids import new_id
from resolvers.errors import Conflict, NotFound, Problem, Problems
from resolvers.products import NewProduct, ProductPatch, create_product, update_product
from tests.support.facts import footprint, ids_of, newest, row_of
from tests.support.world import World


def good(**changes: Any) -> NewProduct:  # Any: fields
    return replace(NewProduct(f"SKU-{new_id()}", "Blue Lamp", Decimal(1250), "EUR"), **changes)


def patch(product: str, version: int | None = None, **changes: Any) -> ProductPatch:  # Any: columns
    return ProductPatch(product, version, changes)


async def test_a_new_product_is_logged_with_its_row(world: World) -> None:
    row = await create_product(world.write_context(), good(name="Öl"))
    assert (row["name_key"], row["price"], row["currency"], row["version"]) == ("ol", 1250, "EUR", 1)
    event = await newest(world, "event_log")
    assert (event["type"], event["entity_id"], json.loads(event["after"])["price"]) == (
        *("product.created", row["id"], 1250),
    )


@pytest.mark.parametrize(("price", "currency"), [(0, "EUR"), (1, "USD"), (2**63 - 1, "EUR"), (1200, "JPY")])
async def test_a_price_that_can_be_written_in_its_currency_is_taken(world: World, price: int, currency: str) -> None:
    row = await create_product(world.write_context(), good(price=Decimal(price), currency=currency))
    assert (row["price"], row["currency"]) == (price, currency)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"sku": ""}, "REQUIRED", "sku"),
        ({"sku": "s" * 65}, "TOO_LONG", "sku"),
        ({"name": " "}, "REQUIRED", "name"),
        ({"name": "n" * 201}, "TOO_LONG", "name"),
        ({"price": Decimal(-1)}, "OUT_OF_RANGE", "price"),
        ({"price": Decimal(2**63)}, "OUT_OF_RANGE", "price"),
        ({"price": Decimal("0.5")}, "INVALID", "price"),
        ({"currency": "XXX"}, "UNKNOWN_CURRENCY", "currency"),
        ({"currency": "JPY"}, "INVALID", "price"),
    ],
)
async def test_a_value_that_no_product_has_is_refused_new_or_patched(
    world: World, changes: dict[str, Any], code: str, field: str
) -> None:  # Any: fields
    product = await create_product(world.write_context(), good())
    held = await footprint(world)
    for change in (
        create_product(world.write_context(), good(**changes)),
        update_product(world.write_context(), patch(product["id"], **changes)),
    ):
        with pytest.raises(Problems) as caught:
            await change
        assert [(p.code, p.field) for p in caught.value.problems] == [(code, [field])]
    assert await footprint(world) == held


@pytest.mark.parametrize("column", ["sku", "name", "price", "currency"])
async def test_nothing_of_a_product_can_be_cleared(world: World, column: str) -> None:
    product = await create_product(world.write_context(), good())
    with pytest.raises(Problems) as caught:
        await update_product(world.write_context(), patch(product["id"], **{column: None}))
    assert [p.field for p in caught.value.problems] == [[column]]


async def test_a_sku_that_is_taken_is_told_to_who_makes_and_to_who_renames(world: World) -> None:
    first, second = [await create_product(world.write_context(), good()) for _ in range(2)]
    held = await footprint(world)
    for change in (
        create_product(world.write_context(), good(sku=first["sku"])),
        update_product(world.write_context(), patch(second["id"], sku=first["sku"])),
    ):
        with pytest.raises(Problems) as caught:
            await change
        assert [(p.code, p.field) for p in caught.value.problems] == [("TAKEN", ["sku"])]
    assert await footprint(world) == held


async def test_of_two_who_take_a_sku_at_once_one_is_told(world: World) -> None:
    new, before = good(), await world.count("products")
    made = await asyncio.gather(*(create_product(world.write_context(), new) for _ in range(4)), return_exceptions=True)
    refused = [error for error in made if isinstance(error, BaseException)]
    assert {_code(error) for error in refused} == {"TAKEN"}
    assert (len(refused), await world.count("products")) == (3, before + 1)


def _code(error: BaseException) -> str:
    """The one code of a refusal, however it was found."""
    problems = error.problems if isinstance(error, Problems) else [error]
    (problem,) = problems
    assert isinstance(problem, Problem)
    return problem.code


async def test_another_tenants_sku_is_free(world: World) -> None:
    (foreign,) = await ids_of(world, "products", "globex")
    sku = (await row_of(world, "products", foreign))["sku"] + "-ours"
    theirs = world.write_context(world.principal("admin", "globex"))
    assert (await create_product(theirs, good(sku=sku)))["sku"] == sku
    assert (await create_product(world.write_context(), good(sku=sku)))["sku"] == sku


async def test_a_new_price_changes_the_product_and_no_order(world: World) -> None:
    (product,) = await ids_of(world, "products")
    sums = "SELECT sum(unit_price), sum(total) FROM order_items"
    before = await world.superuser.fetchrow(sums)
    row = await row_of(world, "products", product)
    after = await update_product(world.write_context(), patch(product, row["version"], price=Decimal(row["price"] + 1)))
    assert (after["price"], after["version"]) == (row["price"] + 1, row["version"] + 1)
    assert await world.superuser.fetchrow(sums) == before
    audit = await newest(world, "audit_log")
    assert json.loads(audit["changes"])["price"] == [row["price"], row["price"] + 1]


async def test_price_and_currency_change_together(world: World) -> None:
    product = await create_product(world.write_context(), good())
    after = await update_product(world.write_context(), patch(product["id"], price=Decimal(1200), currency="JPY"))
    assert (after["price"], after["currency"]) == (1200, "JPY")


async def test_a_patch_that_changes_nothing_writes_nothing(world: World) -> None:
    product = await create_product(world.write_context(), good())
    held = await footprint(world)
    same = patch(product["id"], 1, sku=product["sku"], price=Decimal(1250))
    assert await update_product(world.write_context(), same) == product
    assert await footprint(world) == held


async def test_a_stale_version_is_a_conflict_and_an_unknown_or_foreign_product_is_not_found(world: World) -> None:
    product, (foreign,) = await create_product(world.write_context(), good()), await ids_of(world, "products", "globex")
    held = await footprint(world)
    with pytest.raises(Conflict) as stale:
        await update_product(world.write_context(), patch(product["id"], 2, name="Öl"))
    assert stale.value.current == product
    for unknown in (foreign, new_id()):
        with pytest.raises(NotFound):
            await update_product(world.write_context(), patch(unknown, None, name="Öl"))
    assert await footprint(world) == held
