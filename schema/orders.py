"""Orders, spoken: their types, their lists, and how one is found."""

import enum
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from db.ids import public_id
from resolvers.customers import customers_pointed_at
from resolvers.order_drafts import MAX_ITEMS
from resolvers.orders import count_orders, has_orders, items_of_orders, list_orders, orders_by_id
from resolvers.products import products_by_id
from schema.caching.declared import changes_with
from schema.connections import Connection, ListSpec, listing
from schema.customers import READ as CUSTOMERS_READ
from schema.customers import Customer
from schema.directives import RequiresPermission
from schema.fields import by_id, column, computed, embedded, to_many, to_one
from schema.filters import DateTimeFilter, DecimalFilter, IDFilter, StringFilter, filter_on, operator
from schema.money import Money
from schema.node import Node, NodeKind, any_row_is, node_id
from schema.operation import Operation
from schema.page_arguments import NullsOrder, SortDirection
from schema.products import Product
from schema.weights import weighs

READ = "orders:read"


@strawberry.enum(description="Where an order stands; it changes only along allowed transitions.")
class OrderStatus(enum.Enum):
    """The statuses of ``db.tables.ORDER_STATUSES``."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


@strawberry.type(description="So many of one product in an order.", directives=weighs("0.2"))
class OrderItem:
    """A row of order_items."""

    id: strawberry.ID = computed(lambda order, line: f"{public_id('itm', order)}{line:02d}", "order_id", "line")
    sku: str = column("sku")
    quantity: int = column("quantity")
    unit_price: Money = embedded(amount="unit_price", currency="currency")
    total: Money = embedded(amount="total", currency="currency")
    product: Product = to_one(products_by_id, key="product_id", joined=True)


@strawberry.type(
    description="What a customer ordered.",
    directives=[RequiresPermission(permission=READ), *changes_with("customer")],
)
class Order(Node):
    """A row of orders."""

    id: strawberry.ID = node_id("ord")
    number: str = column("number", description="The number that people use, unique within the tenant.")
    status: OrderStatus = computed(OrderStatus, "status")
    total: Money = embedded(amount="total", currency="currency")
    notes: str | None = column("notes")
    due_at: datetime | None = column("due_at", description="When it is promised.")
    customer: Customer = to_one(customers_pointed_at, key="customer_id", joined=True)
    items: list[OrderItem] = to_many(items_of_orders, key="id", at_most=MAX_ITEMS, description="At most 49.")
    version: int = column("version", description="Grows by one with each change.")
    created_at: datetime = column("created_at")
    updated_at: datetime = column("updated_at")

    @classmethod
    def is_type_of(cls, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a row
        return any_row_is(cls, obj, info)


@strawberry.input(description="How a status may be matched.")
class OrderStatusFilter:
    """Statuses are compared for equality."""

    eq: OrderStatus | None = operator()
    ne: OrderStatus | None = operator()
    in_: list[OrderStatus] | None = strawberry.field(default=strawberry.UNSET, name="in")


@strawberry.input
class OrderWhere:
    """Conditions on an order; several fields must all hold."""

    and_: list["OrderWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["OrderWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "OrderWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: IDFilter | None = filter_on("id", prefix="ord")
    number: StringFilter | None = filter_on("number")
    status: OrderStatusFilter | None = filter_on("status")
    customer_id: IDFilter | None = filter_on("customer_id", prefix="cus", gate=CUSTOMERS_READ)
    total: DecimalFilter | None = filter_on("total")
    notes: StringFilter | None = filter_on("notes")
    due_at: DateTimeFilter | None = filter_on("due_at")
    created_at: DateTimeFilter | None = filter_on("created_at")
    updated_at: DateTimeFilter | None = filter_on("updated_at")


@strawberry.enum(description="What orders can be sorted by.")
class OrderSortField(enum.Enum):
    """Values are columns; the first of an order decides the index."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NUMBER = "number"
    STATUS = "status"
    TOTAL = "total"
    DUE_AT = "due_at"


@strawberry.input
class OrderSort:
    """One field of an order."""

    field: OrderSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


NODE = NodeKind("Order", orders_by_id, READ)
LIST = ListSpec("order", list_orders, count_orders, has_orders, {"text": None, "customer_name": CUSTOMERS_READ})


@strawberry.type
class OrderQueries:
    """The root fields of orders."""

    order: Order | None = by_id(
        orders_by_id, "ord", gate=READ, description="One order; null when it does not exist or is another tenant's."
    )
    orders: Connection[Order] = listing(
        LIST,
        where=OrderWhere,
        sort=OrderSort,
        gate=READ,
        description="The tenant's orders, newest first unless ordered otherwise.",
    )
