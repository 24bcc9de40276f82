"""Customers, spoken."""

import enum
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from graphql import GraphQLResolveInfo

from resolvers.customers import count_customers, customers_by_id, has_customers, list_customers
from resolvers.orders import count_orders, count_orders_of_customers, has_orders, list_orders, orders_of_customers
from schema.connections import Connection, ListSpec, listing
from schema.directives import RequiresPermission, requires
from schema.fields import column
from schema.filters import DateTimeFilter, IDFilter, StringFilter, filter_on, operator
from schema.masks import hashed
from schema.nested import NestedSpec, connection_of
from schema.node import Node, NodeKind, any_row_is, node_id
from schema.operation import Operation
from schema.page_arguments import NullsOrder, SortDirection

if TYPE_CHECKING:
    from schema.orders import Order

READ = "customers:read"
PII = "customers:pii"
MASKED = "customers:masked"
ORDERS = NestedSpec(
    ListSpec("order", list_orders, count_orders, has_orders, {}),
    "customer_id",
    orders_of_customers,
    count_orders_of_customers,
)


@strawberry.type(description="Somebody who orders.", directives=[RequiresPermission(permission=READ)])
class Customer(Node):
    """A row of customers."""

    id: strawberry.ID = node_id("cus")
    name: str = column("name")
    email: str | None = column("email", gate=PII, mask=hashed(MASKED))
    city: str = column("city")
    country: str = column("country", description="ISO 3166-1 alpha-2.")
    orders: Connection[Annotated["Order", strawberry.lazy("schema.orders")]] = connection_of(
        ORDERS,
        key="id",
        noun="Order",
        module="schema.orders",
        gate="orders:read",
        description="The customer's orders, newest first unless ordered otherwise; at most 100 at once.",
    )
    version: int = column("version")
    created_at: datetime = column("created_at")
    updated_at: datetime = column("updated_at")

    @classmethod
    def is_type_of(cls, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a row
        return any_row_is(cls, obj, info)


@strawberry.input
class CustomerWhere:
    """Conditions on a customer; several fields must all hold."""

    and_: list["CustomerWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["CustomerWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "CustomerWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: IDFilter | None = filter_on("id", prefix="cus")
    name: StringFilter | None = filter_on("name")
    email: StringFilter | None = filter_on("email", gate=PII)
    city: StringFilter | None = filter_on("city")
    country: StringFilter | None = filter_on("country")
    created_at: DateTimeFilter | None = filter_on("created_at")
    updated_at: DateTimeFilter | None = filter_on("updated_at")


@strawberry.enum(description="What customers can be sorted by.")
class CustomerSortField(enum.Enum):
    """Values are columns."""

    NAME = "name_key"
    EMAIL = strawberry.enum_value("email", directives=requires(PII))
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@strawberry.input
class CustomerSort:
    """One field of an order."""

    field: CustomerSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


NODE = NodeKind("Customer", customers_by_id, READ)
LIST = ListSpec("customer", list_customers, count_customers, has_customers, {"name": None, "email": PII})


@strawberry.type
class CustomerQueries:
    """The root fields of customers."""

    customers: Connection[Customer] = listing(
        LIST,
        where=CustomerWhere,
        sort=CustomerSort,
        gate=READ,
        description="The tenant's customers, newest first unless ordered otherwise.",
    )
