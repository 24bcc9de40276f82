"""How a subscription field delivers: declared on the field, visible in the SDL, heeded by its group."""

import enum
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLField
from strawberry.schema_directive import Location

from schema.fields import root_gate
from schema.needs import DEFINITION

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


@dataclass(frozen=True, slots=True)
class Live:
    """What a subscription field declares beside its resolver."""

    delivery: Delivery
    opens: bool = False
    """Whether each member begins with a frame that tells how things stand. Whoever resumes begins anew then: there is
    no replay.
    """
    personal: bool = False
    """Whether it tells of the version of the caller's permissions: only callers of one version share it then."""


def live_field(
    resolver: Callable[..., AsyncIterator[Any]],  # Any: an event's source
    *,
    gate: str | None,
    delivery: Delivery,
    description: str,
    opens: bool = False,
    personal: bool = False,
    size: Sequence[object] = (),
) -> Any:  # Any: a field specifier, typed as its stream
    """A subscription field. ``gate`` None means any signed-in caller; ``size``: what is said of its lists, those of one
    event (``schema/weights.py``).

    Its resolver yields *sources*, mappings that the type's fields read, with ``position`` (a ``Position``), ``cursor``
    (the same as text), and ``entity_id`` where COALESCE shall tell entities apart; at most one for each position. It
    begins after ``info.context.resume_after``, or now where that is None, and tells ``info.context.moved`` the place
    where it begins and every position that it is done with, event or not. It runs once for a whole group: nothing in
    it may depend on who in particular asks; in one that is ``personal``, on the version of the caller's permissions.
    An argument ``after`` is for the SDL: it has become ``resume_after`` by then.

    One that ``opens`` begins at the first of ``info.context.newcomers``. A source with ``newcomers`` is told to those
    alone: it is how things stand at its ``position``, from where they go on. A source with a ``reader`` is executed
    through it before the next one is asked for; when that reader lost its database the source is told so by ``lost``,
    and comes again.
    """
    return strawberry.subscription(
        resolver=resolver,
        directives=[*root_gate(gate), delivery, *size],
        description=description,
        metadata={LIVE: Live(delivery, opens, personal)},
    )


def live_of(definition: GraphQLField) -> Live:
    """What a subscription field declared. Raises LookupError for a field that is not made by ``live_field``."""
    declared: Live = definition.extensions[DEFINITION].metadata[LIVE]
    return declared
