"""Events of any noun: one declaration makes its patches and its subscription.

A noun names its event type (a ``LoggedEvent`` with the row as it is now), its kinds of change, and how it is watched;
``event_stream`` is the field.
"""

import enum
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import strawberry
from strawberry.scalars import JSON

from db.events import Event, Position
from db.ids import public_id
from db.scopes import LEFT
from resolvers.events import Watch
from schema.fields import Info, column, given
from schema.filters import condition_of
from schema.live.delivery import keep, live_field
from schema.operation import Operation
from schema.patches import PatchField, patch_fields, patch_of
from schema.selections import selected_below

LEAVING = "It is no longer among the rows that you may see; what has become of it is not told."
"""What ``LEFT`` means, for a noun whose rows belong to somebody."""


@strawberry.type
class LoggedEvent:
    """A logged event with the caller's patch."""

    type: str = column("type", description="What happened: the noun and its kind of change.")
    id: strawberry.ID = column("id", description="The id of what changed.")
    patch: JSON = column(
        "patch",
        description="The changed fields that you may read, in the keys and shapes of its type; where you select fields "
        "of the row itself, those alone.",
    )
    ts: datetime = column("ts", description="When it was committed.")
    cursor: str = column("cursor", description="Resume after this event with `after` or Last-Event-ID.")


@dataclass(frozen=True)
class LiveNoun:
    """A noun whose changes can be watched: its type, the prefix of its ids, its watcher."""

    noun: type
    prefix: str
    watch: Watch

    @cached_property
    def patch(self) -> list[PatchField]:
        """The keys that a patch of it can have."""
        return patch_fields(self.noun)


def event_stream(
    live: LiveNoun, *, where: type, types: type[enum.Enum], gate: str, description: str
) -> Any:  # Any: a field specifier
    """A noun's subscription: ``order_events: OrderEvent = event_stream(…)``."""

    async def resolve(
        info: Info,
        where: Any = strawberry.UNSET,  # Any: replaced below by the noun's own input
        types: Any = strawberry.UNSET,  # Any: as above
        after: str | None = strawberry.UNSET,
    ) -> AsyncIterator[Any]:  # Any: an event's source
        operation = info.context
        wanted = None if given(types) is None else frozenset(kind.value for kind in types)
        condition = condition_of(given(where))
        selected = selected_below(info, live.noun.__name__.lower())
        watched = live.watch(operation.read, condition, wanted, operation.resume_after, operation.moved)
        async with aclosing(watched) as events:
            async for event in events:
                source = _source(live, operation, event, selected)
                if source is not None:
                    yield source

    resolve.__annotations__.update({"where": where | None, "types": list[types] | None})  # type: ignore[valid-type]
    return live_field(resolve, gate=gate, delivery=keep(), description=description)


def _source(
    live: LiveNoun, operation: Operation, event: Event, selected: frozenset[str] | None
) -> dict[str, Any] | None:  # Any: one value per field
    left = event.type == f"{event.entity}.{LEFT}"
    patch = patch_of(live.patch, event.before, event.after or {}, operation, selected)
    if not patch and not left:
        return None
    position = Position(event.seq, event.ts)
    return {
        "type": event.type,
        "id": public_id(live.prefix, event.entity_id),
        "entity_id": event.entity_id,
        "patch": patch,
        "ts": event.ts,
        "position": position,
        "cursor": operation.event_cursors.encode(operation.read.principal.tenant, position),
    }
