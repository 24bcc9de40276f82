"""What the schema weighs, after the GraphQL Cost Directives specification (IBM, 2021): the two directives, stated where
fields are declared, and what is read from them.

An object weighs 1 unless its type says otherwise, a scalar and an enum nothing, and a field nothing beside what it
leads to unless it says so. Weights are thousandths here, so that sums are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema
from strawberry.schema_directive import Location

from schema.needs import DEFINITION

UNIT = 1_000
"""Thousandths in what one object weighs."""
DEFAULT_PAGE = 25
"""Rows of a page when nobody says how many."""
COUNTING = "10"
"""What it weighs to count a whole list: thousands of keys of an index, and no row."""
PAGED = ("nodes", "edges")
"""The fields of a connection that have as many items as its page."""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="cost",
    description=(
        "What an object of the type, or the field beside what it leads to, adds to the cost of an operation. Without "
        "it an object adds 1, a field nothing."
    ),
)
class Weight:
    """``@cost(weight: "0.2")``"""

    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description=(
        "How many items the cost of an operation counts in the field's list, or in the lists of its `sizedFields`: the "
        "greatest of the `slicingArguments` (a list counts as long as it is), `assumedSize` without them. A dot leads "
        "to a field further below."
    ),
)
class ListSize:
    """``@listSize(assumedSize: 25, slicingArguments: ["first", "last"], sizedFields: ["nodes", "edges"])``"""

    assumed_size: int | None = strawberry.UNSET
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    require_one_slicing_argument: bool | None = strawberry.UNSET


def weighs(weight: str | None) -> list[object]:
    """The directives of what weighs this much, none for None."""
    return [] if weight is None else [Weight(weight=weight)]


def at_most(count: int | None) -> list[object]:
    """The directives of a list that never has more items, none for None."""
    return [] if count is None else [ListSize(assumed_size=count)]


def paged(*, by: Sequence[str] = ("first", "last"), lists: Sequence[str] = PAGED) -> list[object]:
    """The directives of a field whose ``lists`` have as many items as one of the arguments says."""
    size = ListSize(assumed_size=DEFAULT_PAGE, slicing_arguments=list(by), sized_fields=list(lists))
    size.require_one_slicing_argument = False
    return [size]


def weigh_fields(root: Any, weight: str) -> None:  # Any: a Strawberry type
    """Let each field of a root type weigh this much, unless it says otherwise."""
    for field in root.__strawberry_definition__.fields:
        if not any(isinstance(each, Weight) for each in field.directives):
            field.directives.extend(weighs(weight))


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """What is stated of a field."""

    weight: int = 0
    size: ListSize | None = None


NOTHING_STATED = FieldWeight()


class Weights:
    """What all of a schema weighs, read once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        objects = {name: kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLObjectType)}
        self._types = {name: _weight(kind, UNIT) for name, kind in objects.items()}
        self._fields: Mapping[str, Mapping[str, FieldWeight]] = {
            name: {field: FieldWeight(_weight(each, 0), _size(each)) for field, each in kind.fields.items()}
            for name, kind in objects.items()
        }

    def of_type(self, name: str) -> int:
        """What an object of the type weighs."""
        return self._types[name]

    def of_field(self, parent: str, name: str) -> FieldWeight:
        """What is stated of a field of an object type."""
        return self._fields[parent].get(name, NOTHING_STATED)


def _weight(part: Any, usual: int) -> int:  # Any: a type or a field
    stated = next((each for each in _directives(part) if isinstance(each, Weight)), None)
    return usual if stated is None else round(float(stated.weight) * UNIT)


def _size(part: Any) -> ListSize | None:  # Any: a field
    return next((each for each in _directives(part) if isinstance(each, ListSize)), None)


def _directives(part: Any) -> list[object]:  # Any: as above
    return list(getattr((part.extensions or {}).get(DEFINITION), "directives", None) or ())
