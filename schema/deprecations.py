"""What of the schema is on its way out: since when, and until when; told to whoever still uses it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)

from schema.coordinates import named_in
from schema.directives import Sunset
from schema.needs import directives_of


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Moments in seconds since 1970; None where nothing is said of it."""

    since: int | None = None
    until: int | None = None

    def beside(self, other: "Deprecation | None") -> "Deprecation":
        """Of two the earlier moments."""
        if other is None:
            return self
        return Deprecation(_earlier(self.since, other.since), _earlier(self.until, other.until))


class Deprecations:
    """What is deprecated in one schema, read once: of most schemas nothing is."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known = {coordinate: _said_of(part) for coordinate, part in _deprecated(schema)}
        self._names = {_name_in(coordinate) for coordinate in self._known}

    @property
    def known(self) -> Mapping[str, Deprecation]:
        """By coordinate."""
        return self._known

    def of(self, document: DocumentNode, text: str) -> Deprecation | None:
        """Of a document that fits the schema: the earliest moments of what it names; None where nothing of it is
        deprecated. Most texts do not even hold such a name.
        """
        if not any(name in text for name in self._names):
            return None
        found: Deprecation | None = None
        for coordinate in named_in(self._schema, document).keys() & self._known.keys():
            found = self._known[coordinate].beside(found)
        return found


def _deprecated(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:  # Any: parts of a schema
    for coordinate, part in _parts(schema):
        if part.deprecation_reason is not None:
            yield coordinate, part


def _parts(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:  # Any: as above
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield f"{name}.{field}", each
                yield from ((f"{name}.{field}({argument}:)", part) for argument, part in each.args.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", part) for field, part in kind.fields.items())
        elif isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", part) for value, part in kind.values.items())


def _said_of(part: Any) -> Deprecation:  # Any: as above
    said = next((each for each in directives_of(part) if isinstance(each, Sunset)), None)
    return Deprecation(since=0) if said is None else Deprecation(_moment(said.since), _moment(said.until or None))


def _moment(day: str | None) -> int | None:
    return None if day is None else int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _name_in(coordinate: str) -> str:
    """The name that a document has to hold to name it."""
    return coordinate.rstrip(":)").replace("(", ".").rsplit(".", 1)[-1]


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)
