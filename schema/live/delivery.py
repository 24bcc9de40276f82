"""How a subscription field delivers: declared on the field, visible in the SDL, heeded by its group."""

import enum
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLField
from strawberry.schema_directive import Location

from schema.fields import root_gate
from schema.gates import DEFINITION
from schema.operation import Operation

LIVE = "tidegate.live"
CURSOR_ARGUMENT = "after"


@strawberry.enum(description="What becomes of frames that a client is too slow for.")
class DeliveryPolicy(enum.Enum):
    """See ``Delivery``."""

    KEEP = "KEEP"
    COALESCE = "COALESCE"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="delivery",
    description=(
        "What becomes of frames that a client is too slow for. KEEP: every frame is delivered; a stream that falls "
        "further behind than `limit` frames is closed with the cursor to resume from. COALESCE: only the newest frame "
        "of each entity is delivered, and `extensions.stream.skipped` tells how many were not, and the cursor before "
        "them."
    ),
)
class Delivery:
    """``@delivery(policy: KEEP, limit: 10000)``"""

    policy: DeliveryPolicy
    limit: int | None = strawberry.UNSET


def keep(limit: int = 10_000) -> Delivery:
    """Every frame; closed when further behind than ``limit`` frames."""
    return Delivery(policy=DeliveryPolicy.KEEP, limit=limit)


def coalesce() -> Delivery:
    """The newest frame per entity."""
    return Delivery(policy=DeliveryPolicy.COALESCE)


Arguments = Mapping[str, Any]  # Any: coerced arguments by their Python names
Source = Mapping[str, Any]  # Any: a source event, one value per column that the field's type reads
Opening = Callable[[Operation, Arguments], AbstractAsyncContextManager[tuple[Operation, Source]]]
"""Makes a member's own first frame: what the operation is executed with (its context may read through a snapshot) and
the source event, whose ``position`` is where the group's frames go on.
"""


@dataclass(frozen=True, slots=True)
class Live:
    """What a subscription field declares beside its resolver."""

    delivery: Delivery
    opening: Opening | None = None
    """None: a stream begins with its first event. With one, each member begins with a frame of its own, and whoever
    resumes begins anew: there is no replay.
    """


def live_field(
    resolver: Callable[..., AsyncIterator[Any]],  # Any: an event's source
    *,
    gate: str | None,
    delivery: Delivery,
    description: str,
    opening: Opening | None = None,
) -> Any:  # Any: a field specifier, typed as its stream
    """A subscription field. ``gate`` None means any signed-in caller.

    Its resolver yields *sources*, mappings that the type's fields read, with ``position`` (a ``Position``), ``cursor``
    (the same as text), and ``entity_id`` where COALESCE shall tell entities apart; at most one for each position. It
    begins after ``info.context.resume_after``, or now where that is None, and tells ``info.context.moved`` the place
    where it begins and every position that it is done with, event or not. It runs once for a whole group: nothing in
    it may depend on who in particular asks. An argument ``after`` is for the SDL: it has become ``resume_after`` by
    then.
    """
    return strawberry.subscription(
        resolver=resolver,
        directives=[*root_gate(gate), delivery],
        description=description,
        metadata={LIVE: Live(delivery, opening)},
    )


def live_of(definition: GraphQLField) -> Live:
    """What a subscription field declared. Raises LookupError for a field that is not made by ``live_field``."""
    declared: Live = definition.extensions[DEFINITION].metadata[LIVE]
    return declared
