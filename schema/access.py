"""Access explained: how a role stands to each coordinate of a document, and what differs between two roles, or between
two schemas for the same roles.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema

from auth.permissions import PermissionSet
from schema.documents import DocumentCache, Refused
from schema.gates import Gatekeeper
from schema.limits import Limits
from schema.needs import NOTHING, Access, Needs, read_needs

Roles = Mapping[str, PermissionSet]


class BadDocument(Exception):
    """It is not GraphQL, does not fit the schema, or has no operation of that name; the text says which."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One coordinate that a document uses. ``permission`` is the one that decides: what the role lacks, or, where it
    lacks nothing, what it has; ``mask`` the kind of mask that is shown; ``granted_by`` the roles that see it as it is.
    """

    coordinate: str
    access: Access
    permission: str | None
    mask: str | None
    granted_by: tuple[str, ...]
    spaces: tuple[str, ...] = ()
    """Where the role would see it, if only its space is in the way."""
    by_elevation: tuple[str, ...] = ()
    """The roles whose members see it as it is once they are elevated to what the role names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One coordinate that is not the same on both sides; None where a side does not have it."""

    role: str | None
    coordinate: str
    before: Access | None
    after: Access | None


def explain(
    schema: GraphQLSchema,
    text: str,
    permissions: PermissionSet,
    roles: Roles,
    *,
    operation: str | None = None,
    variables: Mapping[str, Any] | None = None,  # Any: JSON
    elevatable: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> list[Explained]:
    """Every coordinate that the operation uses, in its order. Input fields in variables count as far as they are given.
    ``elevatable``: what the members of roles can be elevated to. Raises BadDocument.
    """
    gates = Gatekeeper(schema)
    document = DocumentCache(schema, Limits(), hide_suggestions=False).get(text)
    node = document if isinstance(document, Refused) else document.operation(operation)
    if isinstance(document, Refused) or isinstance(node, Refused):
        refused = document if isinstance(document, Refused) else node
        raise BadDocument("\n".join(error.message for error in getattr(refused, "errors", ())))
    used = gates.uses(node, document.fragments, variables or {}, permissions)
    raised = {name: replace(roles[name], grants=roles[name].grants | set(more)) for name, more in elevatable.items()}
    return [
        _explained(name, gates.needs(name) or NOTHING, access, permissions, roles, raised)
        for name, access in used.items()
    ]


def compare_roles(schema: GraphQLSchema, before: PermissionSet, after: PermissionSet) -> list[Difference]:
    """What two roles see differently of one schema, by coordinate."""
    needs = read_needs(schema)
    return list(_differences(None, needs, needs, before, after))


def compare_schemas(before: GraphQLSchema, after: GraphQLSchema, roles: Roles) -> list[Difference]:
    """What each role sees differently of two schemas; ungated fields that one of them does not have count too."""
    one, other = read_needs(before), read_needs(after)
    return [each for role, grants in roles.items() for each in _differences(role, one, other, grants, grants)]


def compare_grants(schema: GraphQLSchema, before: Roles, after: Roles) -> list[Difference]:
    """What the roles of two collections see differently; a role that one of them does not have sees nothing there."""
    needs, nobody = read_needs(schema), PermissionSet.of(())
    return [
        each
        for role in dict.fromkeys((*before, *after))
        for each in _differences(role, needs, needs, before.get(role, nobody), after.get(role, nobody))
    ]


def schema_of(sdl: str) -> GraphQLSchema:
    """A printed schema, read again. Raises BadDocument."""
    try:
        return build_schema(sdl)
    except (GraphQLError, TypeError) as error:
        raise BadDocument(f"This is no schema: {error}") from None


def _explained(  # what it follows from
    name: str, needs: Needs, access: Access, permissions: PermissionSet, roles: Roles, raised: Roles
) -> Explained:
    mask = needs.mask.mask.name if needs.mask is not None and access is Access.MASKED else None
    missing = needs.missing(permissions)
    held = needs.permissions[0] if needs.permissions else None
    granting = [role for role, grants in roles.items() if missing is not None and needs.missing(grants) is None]
    others = {role: grants for role, grants in raised.items() if missing is not None and role not in granting}
    elevated = tuple(role for role, grants in others.items() if needs.missing(grants) is None)
    return Explained(name, access, missing or held, mask, tuple(granting), needs.elsewhere(permissions), elevated)


def _differences(
    role: str | None,
    needs: Mapping[str, Needs],
    others: Mapping[str, Needs],
    before: PermissionSet,
    after: PermissionSet,
) -> Iterator[Difference]:
    for name in dict.fromkeys((*needs, *others)):
        was = needs[name].access(before) if name in needs else None
        now = others[name].access(after) if name in others else None
        if was is not now:
            yield Difference(role, name, was, now)
