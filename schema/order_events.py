"""Orders, live: the stream of their changes."""

import enum

import strawberry

from resolvers.orders import orders_by_id, watch_orders
from schema.events import LEAVING, LiveNoun, LoggedEvent, event_stream
from schema.fields import to_one
from schema.orders import READ, Order, OrderWhere


@strawberry.enum(description="What happened to an order.")
class OrderEventType(enum.Enum):
    """Values are the log's types."""

    CREATED = "order.created"
    UPDATED = "order.updated"
    STATUS_CHANGED = "order.status_changed"
    LEFT = strawberry.enum_value("order.left", description=LEAVING)


@strawberry.type(description="A change of an order, told once, in commit order.")
class OrderEvent(LoggedEvent):
    """An event with its order."""

    order: Order | None = to_one(orders_by_id, key="entity_id", description="The order as it is now.")


@strawberry.type
class OrderSubscriptions:
    """The subscriptions of orders."""

    order_events: OrderEvent = event_stream(
        LiveNoun(Order, "ord", watch_orders),
        where=OrderWhere,
        types=OrderEventType,
        gate=READ,
        description="Every change of the orders that match before or after it, "
        "from now on or after a cursor: none lost, none twice.",
    )
