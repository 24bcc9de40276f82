"""What a field can declare of where its value comes from. Made by the functions of ``schema/fields.py``, read by both
executors and by patches; nothing here runs anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schema.loading import BatchFunction
from schema.masks import Mask
from schema.operation import Operation

DECLARATION = "tidegate"


@dataclass(frozen=True, slots=True)
class FromColumns:
    """A value made of columns: the column itself, or ``convert`` of all of them."""

    columns: tuple[str, ...]
    convert: Callable[..., Any] | None = None  # Any: any value of the field's type
    prefix: str | None = None
    """Written before a text column's value."""
    mask: Mask | None = None
    """What is shown of the value to those who may see only that."""

    def value(self, row: Any) -> Any:  # Any: a row, a value
        if self.prefix is not None:
            return self.prefix + row[self.columns[0]]
        if self.convert is None:
            return row[self.columns[0]]
        return self.convert(*(row[name] for name in self.columns))


@dataclass(frozen=True, slots=True)
class Embedded:
    """An object that is part of its parent's row: its own column names, each standing for one of the parent's."""

    columns: Mapping[str, str]

    def value(self, row: Any) -> dict[str, Any]:  # Any: a row, values
        return {name: row[column] for name, column in self.columns.items()}


@dataclass(frozen=True, slots=True)
class ToOne:
    """One row of another noun, found by this row's ``key`` column; ``joined`` when a plan may read it with this row."""

    function: BatchFunction
    key: str
    joined: bool = False


@dataclass(frozen=True, slots=True)
class ToMany:
    """Rows of another noun that belong to this row's ``key`` column."""

    function: BatchFunction
    key: str


@dataclass(frozen=True, slots=True)
class ById:
    """A root field: one row by the public id in its argument ``id``."""

    function: BatchFunction
    prefix: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A root field: a page of a list (``schema/connections.py``)."""

    spec: Any  # a ListSpec, which is made of what this module declares


@dataclass(frozen=True, slots=True)
class AnyById:
    """A root field: objects of any kind by the public id in its argument ``id``, or by those in ``ids``."""

    kinds: Mapping[str, Any]  # a NodeKind by its prefix (schema/node.py)
    many: bool


@dataclass(frozen=True, slots=True)
class Held:
    """An attribute of this object's source, which is a Python object and no row."""

    name: str


@dataclass(frozen=True, slots=True)
class HeldNode:
    """Attributes of this object's source: a row, and the kind of node that it is (``schema/node.py``)."""

    kind: str
    row: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a function answers, once for each object: of the operation, and of this row's columns."""

    function: Callable[..., Any]  # Any: a value, or an awaitable of one
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a function answers of the operation and of the field's own arguments, whatever the object."""

    resolver: Callable[..., Any]  # Any: a value, or an awaitable of one


@dataclass(frozen=True, slots=True)
class RootOf:
    """A root field with a resolver of its own."""

    resolver: Callable[..., Any]  # Any: a value, or an awaitable of one
    takes_info: bool


@dataclass(frozen=True, slots=True)
class RootInfo:
    """What a resolver may use of its ``info``, whoever runs it."""

    context: Operation


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page of the list that belongs to this row's ``key`` column (``schema/nested.py``)."""

    spec: Any  # a NestedSpec, which is made of what this module declares
    key: str


Declaration = (
    FromColumns
    | Embedded
    | ToOne
    | ToMany
    | ById
    | AnyById
    | ListOf
    | PageOf
    | Held
    | HeldNode
    | Resolved
    | Asked
    | RootOf
)


def declaration_of(field: Any) -> Declaration | None:  # Any: a Strawberry field
    """What a field declared, None when it has a resolver of its own."""
    found: Declaration | None = field.metadata.get(DECLARATION)
    return found
