"""What a compiled operation is made of: its root fields, each with what is below it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schema.connections import ListSpec
from schema.engine.plan import Call, ConnectionPlan, DeniedPart, Fixed, ObjectPlan, Paged, Shape
from schema.loading import BatchFunction
from schema.node import NodeKind


@dataclass(frozen=True, slots=True, eq=False)
class RootList:
    """A root list."""

    spec: ListSpec
    call: Call
    plan: ConnectionPlan


@dataclass(frozen=True, slots=True, eq=False)
class RootById:
    """One row by the id in its arguments."""

    function: BatchFunction
    prefix: str
    call: Call
    plan: ObjectPlan


@dataclass(frozen=True, slots=True, eq=False)
class RootNodes:
    """Objects of any kind by their ids: a level for each kind's type."""

    kinds: Mapping[str, NodeKind]
    many: bool
    call: Call
    plans: Mapping[str, ObjectPlan]
    selection: int
    """As ``Denial`` has it: which kinds are denied is known only when the ids are."""


@dataclass(frozen=True, slots=True, eq=False)
class RootValue:
    """What a resolver of its own answers."""

    resolver: Callable[..., Any]  # Any: a value, or an awaitable of one
    takes_info: bool
    call: Call
    shape: Shape
    name: str
    """Its field's, in the schema."""


@dataclass(frozen=True, slots=True, eq=False)
class RootEvent:
    """A stream's source event."""

    shape: Shape


Root = Fixed | RootList | RootById | RootNodes | RootValue | RootEvent


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A whole operation."""

    fields: tuple[tuple[str, Root], ...]
    denied: Sequence[DeniedPart]
    nested: Sequence[Paged]
    """Each selection of a nested list, once, wherever fragments put it."""
    repeats: bool
    """Whether one batch function reads several levels."""
    size: int
    """Fields, with all fragments written out."""
