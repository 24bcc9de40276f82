"""What a compiled operation is made of below its root fields (``schema/engine/roots.py``). Plans hold no values of a
request: one plan serves every caller it fits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql.execution.values import VariableValues

from schema.loading import BatchFunction
from schema.masks import Mask
from schema.nested import NestedSpec

Call = Callable[[VariableValues], dict[str, Any]]  # Any: a value of the argument's type
"""A root field's arguments by their Python names, for each request's variables."""
IsType = Callable[[Any], Any]  # Any: a source; anything but True means no
"""Whether a source is of its shape's type."""


class Unsupported(Exception):
    """The engine cannot do this exactly; ``reason`` is one of a small closed set, for the metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# ---- levels of rows: every field is made of columns, or hangs on one -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of columns. Written as it is, behind a prefix, or through ``write``."""

    columns: tuple[str, ...]
    nullable: bool
    write: Callable[..., Any] | None = None  # Any: a JSON value, or a time
    prefix: str | None = None
    whole: bool = False
    """Whether it is GraphQL's Int, which has 32 bits whatever the column holds."""
    mask: Mask | None = None
    """Put on the value before it is written; what does it is of the tenant and comes with each run."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value in every row: ``__typename``, or the null of a denied field (a ``Marker`` stands for it where
    the place alone does not tell).
    """

    value: object


class Marker:
    """Stands for a denied null until the run is done."""


@dataclass(frozen=True, slots=True, eq=False)
class DeniedPart:
    """A denied selection: where in the response its nulls stand, as response keys. With a ``marker`` only those are
    its nulls which are the marker.
    """

    selection: int
    permission: str
    coordinate: str
    keys: tuple[str, ...]
    marker: Marker | None = None


@dataclass(frozen=True, slots=True)
class Inline:
    """An object made of its parent's columns."""

    fields: tuple[tuple[str, "Leaf | Fixed | Inline"], ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """An object made of columns of the row that ``key`` leads to, which come with its parent's. Where the column
    ``tells`` is null there is no such row; None when another field would say so.
    """

    key: str
    nullable: bool
    tells: str | None
    fields: tuple[tuple[str, Leaf | Fixed | Inline], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Rows of another level, loaded for all rows of this one by one call."""

    function: BatchFunction
    key: str
    many: bool
    nullable: bool
    plan: "ObjectPlan"


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """A field whose values are made for all rows of a level before its objects are built: they stand in a column
    called ``name`` then.
    """

    name: str
    columns: tuple[str, ...]
    function: Callable[..., Any]  # Any: a value, or an awaitable of one
    shape: "Shape"


@dataclass(frozen=True, slots=True, eq=False)
class Paged:
    """A connection below each row, of the list that belongs to its ``key`` column; made as an ``Extra`` is."""

    name: str
    key: str
    spec: NestedSpec
    call: Call
    plan: "ConnectionPlan"


Part = Leaf | Fixed | Inline | Joined | Relation | Extra | Paged


@dataclass(slots=True, eq=False)
class ObjectPlan:
    """A level: the fields of each row's object, in the order of the response. ``columns`` are what is asked for: where
    one function reads several levels, what all of them need (``share_columns``).
    """

    fields: tuple[tuple[str, Part], ...]
    columns: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    extras: tuple[Extra | Paged, ...] = ()
    masks: tuple[Mask, ...] = ()
    builders: dict[tuple[str, ...], Callable[..., list[dict[str, Any]]]] = field(default_factory=dict)  # Any: JSON

    def __post_init__(self) -> None:
        self.columns = tuple(dict.fromkeys(_columns(part for _, part in self.fields)))
        self.relations = tuple(part for _, part in self.fields if isinstance(part, Relation))
        self.extras = tuple(part for _, part in self.fields if isinstance(part, Extra | Paged))
        self.masks = tuple(dict.fromkeys(_masks(part for _, part in self.fields)))


# ---- connections -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class EdgePlan:
    """The parts of an edge: "cursor", a fixed value, or the node's plan."""

    fields: tuple[tuple[str, "Fixed | ObjectPlan | str"], ...]


@dataclass(slots=True, eq=False)
class ConnectionPlan:
    """The parts of a connection: its rows twice over, its page info (by field names), its counts (by name).
    ``columns`` as ``ObjectPlan`` has them.
    """

    fields: tuple[tuple[str, "Fixed | ObjectPlan | EdgePlan | PageInfoPlan | str"], ...]
    columns: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether it tells how many rows the whole list has."""
        return any(isinstance(part, str) for _, part in self.fields)


@dataclass(frozen=True, slots=True, eq=False)
class PageInfoPlan:
    """The fields of a page info, by name."""

    fields: tuple[tuple[str, "Fixed | str"], ...]


def share_columns(readings: Mapping[BatchFunction, Sequence[ObjectPlan | ConnectionPlan]]) -> bool:
    """Let all levels that a function reads ask for the same columns; whether there is a function that reads several."""
    shared = [levels for levels in readings.values() if len(levels) > 1]
    for levels in shared:
        columns = tuple(dict.fromkeys(name for level in levels for name in level.columns))
        for level in levels:
            level.columns = columns
    return bool(shared)


# ---- values that are already there: what a resolver answered, completed by the field's type -----------------------


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A scalar or an enum, by its type's own function."""

    write: Callable[[Any], Any]  # Any: a value, its JSON
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list."""

    of: "Shape"
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """An object whose fields are made of columns: its source is a row."""

    plan: ObjectPlan
    is_type: IsType | None
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """A connection: its source is a page that is already read, of whole rows."""

    plan: ConnectionPlan
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute of a source, by name."""

    name: str
    shape: "Shape"


@dataclass(frozen=True, slots=True, eq=False)
class NodeAttribute:
    """A row in one attribute, of the kind of node in another: whether that kind is denied is known only then."""

    kind: str
    row: str
    shape: "Shape"
    selection: int
    keys: tuple[str, ...]
    """As ``DeniedPart`` has them."""


@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """An object whose fields are its source's attributes."""

    fields: tuple[tuple[str, Fixed | Attribute | NodeAttribute], ...]
    is_type: IsType | None
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """An object of an abstract type: one of several shapes, by the name of the type that it turns out to be."""

    name_of: Callable[[Any], Any]  # Any: a source, its type's name
    shapes: Mapping[str, "Rows | Pages | Attributes"]
    nullable: bool


Shape = Written | Items | Rows | Pages | Attributes | Variants


def _columns(parts: Iterator[Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case Leaf() | Extra():
                yield from part.columns
            case Inline():
                yield from _columns(inner for _, inner in part.fields)
            case Joined():
                yield part.key
                yield from (part.tells,) if part.tells else ()
                yield from _columns(inner for _, inner in part.fields)
            case Relation() | Paged():
                yield part.key
            case Fixed():
                pass


def _masks(parts: Iterator[Part]) -> Iterator[Mask]:
    for part in parts:
        if isinstance(part, Inline | Joined):
            yield from _masks(inner for _, inner in part.fields)
        elif isinstance(part, Leaf) and part.mask is not None:
            yield part.mask
