"""What a compiled operation is made of. Plans hold no values of a request: one plan serves every caller it fits."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLField

from schema.connections import ListSpec
from schema.operation import BatchFunction


class Unsupported(Exception):
    """The engine cannot do this exactly; ``reason`` is one of a small closed set, for the metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of columns. Written as it is, behind a prefix, or through ``write``."""

    columns: tuple[str, ...]
    nullable: bool
    write: Callable[..., Any] | None = None  # Any: a JSON value, or a time
    prefix: str | None = None
    whole: bool = False
    """Whether it is GraphQL's Int, which has 32 bits whatever the column holds."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value in every row: ``__typename``, or the null of a denied field."""

    value: str | None


@dataclass(frozen=True, slots=True)
class Inline:
    """An object made of its parent's columns."""

    fields: tuple[tuple[str, "Leaf | Fixed | Inline"], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Rows of another level, loaded for all rows of this one by one call."""

    function: BatchFunction
    key: str
    many: bool
    nullable: bool
    plan: "ObjectPlan"


Part = Leaf | Fixed | Inline | Relation


@dataclass(slots=True, eq=False)
class ObjectPlan:
    """A level: the fields of each row's object, in the order of the response."""

    fields: tuple[tuple[str, Part], ...]
    columns: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    builders: dict[tuple[str, ...], Callable[..., list[dict[str, Any]]]] = field(default_factory=dict)  # Any: JSON

    def __post_init__(self) -> None:
        self.columns = tuple(dict.fromkeys(_columns(part for _, part in self.fields)))
        self.relations = tuple(part for _, part in self.fields if isinstance(part, Relation))


@dataclass(frozen=True, slots=True, eq=False)
class EdgePlan:
    """The parts of an edge: "cursor", a fixed value, or the node's plan."""

    fields: tuple[tuple[str, "Fixed | ObjectPlan | str"], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ConnectionPlan:
    """The parts of a connection: its rows twice over, its page info (by field names), its counts (by name)."""

    fields: tuple[tuple[str, "Fixed | ObjectPlan | EdgePlan | PageInfoPlan | str"], ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PageInfoPlan:
    """The fields of a page info, by name."""

    fields: tuple[tuple[str, "Fixed | str"], ...]


@dataclass(slots=True, eq=False)
class Call:
    """A root field's arguments, still as syntax: they are coerced with each request's variables."""

    definition: GraphQLField
    node: FieldNode
    fixed: bool
    """Whether no variable stands in them, so that they are coerced once and kept."""
    kept: Mapping[str, Any] | None = None  # Any: of the argument's type


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
class DeniedPart:
    """A denied selection: where in the response its nulls stand, as response keys."""

    selection: int
    permission: str
    coordinate: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A whole operation."""

    fields: tuple[tuple[str, "Fixed | RootList | RootById"], ...]
    denied: tuple[DeniedPart, ...]


def _columns(parts: Iterator[Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case Leaf():
                yield from part.columns
            case Inline():
                yield from _columns(inner for _, inner in part.fields)
            case Relation():
                yield part.key
            case Fixed():
                pass
