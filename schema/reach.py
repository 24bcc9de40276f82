"""What a caller can get to: the coordinates that some operation of its may use.

A field is in reach when its gate lets the caller in and its type can be got to from a root field through fields in
reach; an input field and an enum value, when they belong to an argument of one. So the answer counts the gates of all
the ways there, and not the coordinate's own alone.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from auth.permissions import PermissionSet
from schema.needs import NOTHING, Access, Needs

KEPT = 500
"""Sets of permissions of which it is remembered what they reach."""
_SEEN = frozenset({Access.ALLOWED, Access.MASKED})


class Reach:
    """Of one schema, by what its coordinates take."""

    def __init__(self, schema: GraphQLSchema, needs: Mapping[str, Needs]) -> None:
        self._schema = schema
        self._needs = needs
        self._types = lru_cache(KEPT)(self._reached)

    def of(self, coordinate: str, permissions: PermissionSet) -> Access | None:
        """How a caller with these permissions stands to a coordinate or a type; None where there is none of that
        name. NULL and REFUSED are both out of reach.
        """
        owner, point, _ = coordinate.partition(".")
        if owner.startswith("__") or owner not in self._schema.type_map:
            return None
        needs = self._needs.get(coordinate, None if point else NOTHING)
        if needs is None:
            return None
        return needs.access(permissions) if owner in self._types(permissions) else Access.REFUSED

    def below(self, owner: str, permissions: PermissionSet) -> dict[str, Access] | None:
        """The fields, input fields or values of a type that are in reach, by name; None where there is no such type."""
        kind = self._schema.type_map.get(owner)
        names = getattr(kind, "fields", None) or getattr(kind, "values", None)
        if names is None or owner.startswith("__"):
            return None
        found = {name: self.of(f"{owner}.{name}", permissions) for name in names}
        return {name: access for name, access in found.items() if access is not None and access in _SEEN}

    def _reached(self, permissions: PermissionSet) -> frozenset[str]:
        """The types that can be got to, by name."""
        schema = self._schema
        roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
        waiting: list[Any] = [kind for kind in roots if kind is not None]  # Any: named types
        found: set[str] = set()
        while waiting:
            kind = waiting.pop()
            if kind.name not in found and self._lets_in(kind.name, permissions):
                found.add(kind.name)
                waiting.extend(self._next(kind, permissions))
        return frozenset(found)

    def _next(self, kind: Any, permissions: PermissionSet) -> Iterator[Any]:  # Any: named types
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            yield from kind.interfaces
            for name, field in kind.fields.items():
                if self._lets_in(f"{kind.name}.{name}", permissions):
                    yield get_named_type(field.type)
                    yield from (get_named_type(argument.type) for argument in field.args.values())
        elif isinstance(kind, GraphQLInputObjectType):
            for name, part in kind.fields.items():
                if self._lets_in(f"{kind.name}.{name}", permissions):
                    yield get_named_type(part.type)
        if is_abstract_type(kind):
            yield from self._schema.get_possible_types(kind)

    def _lets_in(self, name: str, permissions: PermissionSet) -> bool:
        return self._needs.get(name, NOTHING).access(permissions) in _SEEN
