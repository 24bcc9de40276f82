"""Orders, live: the stream of their changes."""

import enum
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from db.events import Event, Position
from db.ids import public_id
from resolvers.orders import orders_by_id, watch_orders
from schema.fields import Info, column, given, to_one
from schema.filters import condition_of
from schema.live.delivery import keep, live_field
from schema.operation import Operation
from schema.orders import READ, Order, OrderWhere
from schema.patches import patch_fields, patch_of

_PATCH = patch_fields(Order)


@strawberry.enum(description="What happened to an order.")
class OrderEventType(enum.Enum):
    """Values are the log's types."""

    CREATED = "order.created"
    UPDATED = "order.updated"
    STATUS_CHANGED = "order.status_changed"


@strawberry.type(description="A change of an order, told once, in commit order.")
class OrderEvent:
    """A logged event with the caller's patch."""

    type: str = column("type", description="order.created, order.updated, order.status_changed.")
    id: strawberry.ID = column("id", description="The order's id.")
    patch: JSON = column("patch", description="The changed fields that you may read, in the keys and shapes of Order.")
    order: Order | None = to_one(orders_by_id, key="entity_id", description="The order as it is now.")
    ts: datetime = column("ts", description="When it was committed.")
    cursor: str = column("cursor", description="Resume after this event with `after` or Last-Event-ID.")


async def _order_events(
    info: Info,
    where: OrderWhere | None = strawberry.UNSET,
    types: list[OrderEventType] | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
) -> AsyncIterator[Any]:  # Any: an event's source
    operation = info.context
    wanted = None if given(types) is None else frozenset(kind.value for kind in types or ())
    events = watch_orders(operation.read, condition_of(given(where)), wanted, operation.resume_after, operation.moved)
    async with aclosing(events):
        async for event in events:
            source = _source(operation, event)
            if source is not None:
                yield source


def _source(operation: Operation, event: Event) -> dict[str, Any] | None:  # Any: one value per field
    patch = patch_of(_PATCH, event.before, event.after or {}, operation.allows)
    if not patch:
        return None
    position = Position(event.seq, event.ts)
    return {
        "type": event.type,
        "id": public_id("ord", event.entity_id),
        "entity_id": event.entity_id,
        "patch": patch,
        "ts": event.ts,
        "position": position,
        "cursor": operation.event_cursors.encode(operation.read.principal.tenant, position),
    }


@strawberry.type
class OrderSubscriptions:
    """The subscriptions of orders."""

    order_events: OrderEvent = live_field(
        _order_events,
        gate=READ,
        delivery=keep(),
        description="Every change of the orders that match before or after it, "
        "from now on or after a cursor: none lost, none twice.",
    )
