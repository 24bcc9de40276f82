"""Products, changed: the mutations, their inputs and their payloads."""

from decimal import Decimal
from typing import Any, cast

import strawberry

from resolvers.errors import Problem
from resolvers.products import NewProduct, ProductPatch, create_product, update_product
from schema.changes import ChangePayload, changes_in, id_in
from schema.fields import Info, given, held, root_field
from schema.products import NODE, Product
from schema.scalars import DecimalText
from schema.user_errors import payload_of, refused

WRITE = "products:write"


@strawberry.input
class CreateProductInput:
    """A new product."""

    sku: str = strawberry.field(description="The stock keeping unit, unique within the tenant.")
    name: str
    price: DecimalText
    currency: str = strawberry.field(description="ISO 4217.")


@strawberry.input
class UpdateProductInput:
    """A patch: what is absent stays. Without expectedVersion the last write wins."""

    id: strawberry.ID
    expected_version: int | None = strawberry.UNSET
    sku: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    price: DecimalText | None = strawberry.UNSET
    currency: str | None = strawberry.UNSET


@strawberry.type
class ProductPayload(ChangePayload):
    """What every mutation of a product answers with."""

    product: Product | None = held("row")


@strawberry.type
class CreateProductPayload(ProductPayload):
    """Answers createProduct."""


@strawberry.type
class UpdateProductPayload(ProductPayload):
    """Answers updateProduct."""


async def _create(info: Info, input: CreateProductInput) -> Any:  # Any: a Payload
    # The scalar reads an amount as hundredths (schema/scalars.py).
    new = NewProduct(input.sku, input.name, cast(Decimal, input.price), input.currency)
    return await payload_of(NODE, create_product(info.context.write, new))


async def _update(info: Info, input: UpdateProductInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    product_id = id_in(input.id, "prd", problems, "id")
    if problems:
        return refused(*problems)
    changes = changes_in(input, "sku", "name", "price", "currency")
    patch = ProductPatch(product_id, given(input.expected_version), changes)
    return await payload_of(NODE, update_product(info.context.write, patch))


@strawberry.type
class ProductMutations:
    """The mutations of products."""

    create_product: CreateProductPayload = root_field(_create, gate=WRITE, description="Make a product.")
    update_product: UpdateProductPayload = root_field(
        _update,
        gate=WRITE,
        description="Change what a product is called and what it costs from now on; orders keep their prices.",
    )
