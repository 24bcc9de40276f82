"""What the canary asks: every root field that reads, with all that is below it, for what is another tenant's.

Made of the schema, so that a new root field, relation or filter is asked from the day it is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from schema.limits import Limits

DEPTH = 3
"""Relations that are followed below a root field."""
ROWS = 50
"""Of a list that is asked for whole."""
LIMITS = Limits(bytes=200_000, tokens=50_000, depth=30, fields=50_000, aliases=1_000, cost=10**9)
"""For documents that ask for everything."""
_CARRIERS = ("Connection", "Edge", "Payload")
"""How the names of types end that are no step of their own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is another tenant's: its mark, its rows' ids, a cursor of each of its lists."""

    mark: str
    ids: tuple[str, ...]
    cursors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One document. ``whole``: whether it asks for a list without saying which rows."""

    root: str
    document: str
    variables: Mapping[str, Any]  # Any: JSON
    whole: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """The texts of its variables: an error may repeat them."""
        return tuple(_texts(self.variables))


def questions(schema: GraphQLSchema, wanted: Wanted) -> Iterator[Question]:
    """All of them, for the root fields of queries."""
    root = schema.query_type
    for name, field in root.fields.items() if root is not None else ():
        selected = selection(schema, get_named_type(field.type))
        for given in _arguments(name, field, wanted):
            yield Question(f"Query.{name}", *_document(name, field, given, selected), not given.keys() - {"first"})


def watched(schema: GraphQLSchema) -> Iterator[Question]:
    """Every subscription that needs no arguments."""
    root = schema.subscription_type
    for name, field in root.fields.items() if root is not None else ():
        if not any(map(is_required_argument, field.args.values())):
            selected = selection(schema, get_named_type(field.type))
            yield Question(f"Subscription.{name}", f"subscription {{ {name} {selected} }}", {})


def selection(schema: GraphQLSchema, kind: Any, depth: int = DEPTH) -> str:  # Any: an output type
    """Everything that can be selected of a type without an argument that is needed."""
    if is_leaf_type(kind):
        return ""
    parts = ["__typename"]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        below = depth if kind.name.endswith(_CARRIERS) else depth - 1
        parts += [
            f"{name} {selection(schema, get_named_type(field.type), below)}"
            for name, field in kind.fields.items()
            if _selects(kind, name, field, below)
        ]
    if not isinstance(kind, GraphQLObjectType):
        kinds = schema.get_possible_types(kind)
        parts += [f"... on {each.name} {_own(schema, kind, each, depth)}" for each in kinds]
    return f"{{ {' '.join(parts)} }}"


def _own(schema: GraphQLSchema, kind: Any, each: GraphQLObjectType, depth: int) -> str:  # Any: an abstract type
    """Under keys of its own: fields of one name may differ in their types."""
    fields = {name: field for name, field in each.fields.items() if _selects(each, name, field, depth - 1)}
    parts = [
        f"{each.name}_{name}: {name} {selection(schema, get_named_type(field.type), depth - 1)}"
        for name, field in fields.items()
    ]
    return f"{{ __typename {' '.join(parts)} }}"


def _selects(kind: Any, name: str, field: GraphQLField, below: int) -> bool:  # Any: an object or an interface
    """``nodes`` are the rows of ``edges`` once more."""
    if any(map(is_required_argument, field.args.values())) or (name == "nodes" and "edges" in kind.fields):
        return False
    return below > 0 or is_leaf_type(get_named_type(field.type))


def _arguments(name: str, field: GraphQLField, wanted: Wanted) -> Iterator[dict[str, Any]]:  # Any: JSON
    """Each way to ask a root field for what is wanted."""
    if "id" in field.args:
        yield from ({"id": id_} for id_ in wanted.ids)
        return
    if "ids" in field.args:
        yield {"ids": list(wanted.ids)}
        return
    whole = {"first": ROWS} if "first" in field.args else {}
    yield whole
    if "search" in field.args:
        yield {**whole, "search": wanted.mark}
    if "where" in field.args:
        where: dict[str, Any] = getattr(get_named_type(field.args["where"].type), "fields", {})
        texts = [key for key, part in where.items() if "contains" in getattr(get_named_type(part.type), "fields", ())]
        yield from ({**whole, "where": {key: {"contains": wanted.mark}}} for key in texts)
    if name in wanted.cursors:
        yield {**whole, "after": wanted.cursors[name]}


def _document(
    name: str, field: GraphQLField, given: Mapping[str, Any], selected: str
) -> tuple[str, Mapping[str, Any]]:  # Any: JSON
    if not given:
        return f"query {{ {name} {selected} }}", {}
    declared = ", ".join(f"${key}: {field.args[key].type}" for key in given)
    passed = ", ".join(f"{key}: ${key}" for key in given)
    return f"query({declared}) {{ {name}({passed}) {selected} }}", given


def _texts(value: Any) -> Iterator[str]:  # Any: JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
