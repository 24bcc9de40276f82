"""Products, spoken."""

import enum
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from resolvers.products import count_products, has_products, list_products, products_by_id
from schema.connections import Connection, ListSpec, listing
from schema.directives import RequiresPermission
from schema.fields import column, embedded
from schema.filters import DateTimeFilter, DecimalFilter, IDFilter, StringFilter, filter_on, operator
from schema.money import Money
from schema.node import Node, NodeKind, any_row_is, node_id
from schema.operation import Operation
from schema.page_arguments import NullsOrder, SortDirection

READ = "products:read"


@strawberry.type(description="Something that is sold.", directives=[RequiresPermission(permission=READ)])
class Product(Node):
    """A row of products."""

    id: strawberry.ID = node_id("prd")
    sku: str = column("sku", description="The stock keeping unit, unique within the tenant.")
    name: str = column("name")
    price: Money = embedded(amount="price", currency="currency")
    version: int = column("version")
    created_at: datetime = column("created_at")
    updated_at: datetime = column("updated_at")

    @classmethod
    def is_type_of(cls, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a row
        return any_row_is(cls, obj, info)


@strawberry.input
class ProductWhere:
    """Conditions on a product; several fields must all hold."""

    and_: list["ProductWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["ProductWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "ProductWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: IDFilter | None = filter_on("id", prefix="prd")
    sku: StringFilter | None = filter_on("sku")
    name: StringFilter | None = filter_on("name")
    price: DecimalFilter | None = filter_on("price")
    created_at: DateTimeFilter | None = filter_on("created_at")
    updated_at: DateTimeFilter | None = filter_on("updated_at")


@strawberry.enum(description="What products can be sorted by.")
class ProductSortField(enum.Enum):
    """Values are columns."""

    NAME = "name_key"
    SKU = "sku"
    PRICE = "price"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@strawberry.input
class ProductSort:
    """One field of an order."""

    field: ProductSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


NODE = NodeKind("Product", products_by_id, READ)
LIST = ListSpec("product", list_products, count_products, has_products, {"text": None})


@strawberry.type
class ProductQueries:
    """The root fields of products."""

    products: Connection[Product] = listing(
        LIST,
        where=ProductWhere,
        sort=ProductSort,
        gate=READ,
        description="The tenant's products, newest first unless ordered otherwise.",
    )
