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
from resolvers.errors import InvalidInput
from resolvers.orders import orders_by_id, watch_orders
from schema.directives import requires
from schema.fields import Info, column, given, to_one
from schema.filters import condition_of
from schema.operation import Operation
from schema.orders import READ, Order, OrderWhere
from schema.patches import patch_fields, patch_of

MAX_CURSOR = 200
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
    start = _position(operation, given(after))
    condition = condition_of(given(where))
    async with aclosing(watch_orders(operation.read, condition, wanted, start, operation.moved)) as events:
        async for event in events:
            source = _source(operation, event)
            if source is not None:
                yield source


def _position(operation: Operation, after: str | None) -> Position | None:
    """On GET a last event id goes before ``after``: an EventSource keeps the one up to date, while its address with
    the other stays as it was. On POST the document is written anew for each attempt, so ``after`` is the newer word.
    """
    resume = operation.resume_after
    if after is None or (resume is not None and operation.resume_first):
        return resume
    if len(after) > MAX_CURSOR:
        raise InvalidInput("The cursor is malformed.")
    return operation.event_cursors.decode(operation.read.principal.tenant, after)


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
        "cursor": operation.event_cursors.encode(operation.read.principal.tenant, position),
    }


@strawberry.type
class OrderSubscriptions:
    """The subscriptions of orders."""

    order_events: OrderEvent = strawberry.subscription(  # type: ignore[assignment]  # typed as its stream
        resolver=_order_events,
        directives=requires(READ),
        description="Every change of the orders that match before or after it, "
        "from now on or after a cursor: none lost, none twice.",
    )
