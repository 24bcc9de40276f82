"""Orders, changed: the mutations, their inputs and their payloads."""

from typing import Any

import strawberry

from resolvers.errors import Invalid, Problem
from resolvers.order_drafts import NewItem, NewOrder
from resolvers.orders import OrderPatch, change_order_status, create_order, update_order
from schema.changes import ChangePayload, assignment_in, changes_in, id_in
from schema.customers import READ as CUSTOMERS_READ
from schema.directives import requires
from schema.fields import Info, given, held, root_field
from schema.orders import NODE, Order, OrderStatus
from schema.user_errors import payload_of, refused

WRITE = "orders:write"


@strawberry.input
class OrderItemInput:
    """So many of one product."""

    product_id: strawberry.ID
    quantity: int


@strawberry.input
class CreateOrderInput:
    """A new order; prices come from the catalogue."""

    customer_id: strawberry.ID = strawberry.field(directives=requires(CUSTOMERS_READ))
    currency: str
    notes: str | None = strawberry.UNSET
    items: list[OrderItemInput]


@strawberry.input
class UpdateOrderInput:
    """A patch: what is absent stays, null clears. Without expectedVersion the last write wins."""

    id: strawberry.ID
    expected_version: int | None = strawberry.UNSET
    notes: str | None = strawberry.UNSET
    customer_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, directives=requires(CUSTOMERS_READ))
    assigned_to_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The member who shall look after it; null for nobody."
    )


@strawberry.input
class ChangeOrderStatusInput:
    """The next status of an order."""

    id: strawberry.ID
    status: OrderStatus
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class OrderPayload(ChangePayload):
    """What every mutation of an order answers with."""

    order: Order | None = held("row")


@strawberry.type
class CreateOrderPayload(OrderPayload):
    """Answers createOrder."""


@strawberry.type
class UpdateOrderPayload(OrderPayload):
    """Answers updateOrder."""


@strawberry.type
class ChangeOrderStatusPayload(OrderPayload):
    """Answers changeOrderStatus."""


async def _create(info: Info, input: CreateOrderInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    customer_id = id_in(input.customer_id, "cus", problems, "customerId")
    items = [
        NewItem(id_in(item.product_id, "prd", problems, "items", str(index), "productId"), item.quantity)
        for index, item in enumerate(input.items[:100])
    ]
    if problems:
        return refused(*problems)
    return await payload_of(
        NODE, create_order(info.context.write, NewOrder(customer_id, input.currency, given(input.notes), items))
    )


async def _update(info: Info, input: UpdateOrderInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    order_id = id_in(input.id, "ord", problems, "id")
    changes = changes_in(input, "notes") | assignment_in(input, problems)
    if input.customer_id is None:
        problems.append(Invalid("An order needs a customer.", "customerId", code="REQUIRED"))
    elif input.customer_id is not strawberry.UNSET:
        changes["customer_id"] = id_in(input.customer_id, "cus", problems, "customerId")
    if problems:
        return refused(*problems)
    return await payload_of(
        NODE, update_order(info.context.write, OrderPatch(order_id, given(input.expected_version), changes))
    )


async def _change_status(info: Info, input: ChangeOrderStatusInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    order_id = id_in(input.id, "ord", problems, "id")
    if problems:
        return refused(*problems)
    return await payload_of(
        NODE, change_order_status(info.context.write, order_id, input.status.value, given(input.expected_version))
    )


@strawberry.type
class OrderMutations:
    """The mutations of orders."""

    create_order: CreateOrderPayload = root_field(
        _create, gate=WRITE, description="Make an order of priced items, in status PENDING."
    )
    update_order: UpdateOrderPayload = root_field(
        _update, gate=WRITE, description="Change an order's notes or customer."
    )
    change_order_status: ChangeOrderStatusPayload = root_field(
        _change_status, gate=WRITE, description="Move an order along an allowed transition."
    )
