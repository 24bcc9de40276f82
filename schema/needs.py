"""What each coordinate of the schema takes, read once from the directives on it, and how a caller stands to it."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_non_null_type,
    value_from_ast_untyped,
)

from auth.permissions import PermissionSet
from auth.spaces import Space
from schema.directives import Authenticated, InPerson, MaskKind, Public, RequiresPermission, Sensitive, Sunset

DEFINITION = "strawberry-definition"


class Access(enum.Enum):
    """How a caller stands to a coordinate."""

    ALLOWED = "ALLOWED"
    MASKED = "MASKED"
    """It answers the mask of the value."""
    NULL = "NULL"
    """It answers null, with an error."""
    REFUSED = "REFUSED"
    """An operation that uses it does not run."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a coordinate takes. ``permissions``: all of them, its own before its type's."""

    permissions: tuple[str, ...] = ()
    mask: Sensitive | None = None
    refuses: bool = False
    """Whether who lacks a permission is refused the operation, and not answered null."""
    public: bool = False
    authenticated: bool = False
    in_person: bool = False
    """Whether nobody may do it for somebody else."""

    @property
    def stated(self) -> bool:
        """Whether it states a gate of any kind."""
        return bool(self.permissions) or self.public or self.authenticated

    def missing(self, permissions: PermissionSet | None) -> str | None:
        """The permission that the caller lacks for seeing it as it is; None: nothing."""
        return next((each for each in self.permissions if permissions is None or not permissions.allows(each)), None)

    def access(self, permissions: PermissionSet | None) -> Access:
        """``permissions`` is None for a caller who is not signed in."""
        if self.in_person and permissions is not None and permissions.acting:
            return Access.REFUSED
        if self.missing(permissions) is None:
            return Access.ALLOWED
        if self.mask is not None and permissions is not None and permissions.allows(self.mask.permission):
            return Access.MASKED
        return Access.REFUSED if self.refuses or self.elsewhere(permissions) else Access.NULL

    def elsewhere(self, permissions: PermissionSet | None) -> tuple[Space, ...]:
        """The spaces that the caller would have to be in, where only its space is in the way; else none."""
        missing = self.missing(permissions)
        return () if missing is None or permissions is None else permissions.elsewhere(missing)


NOTHING = Needs()


def read_needs(schema: GraphQLSchema) -> dict[str, Needs]:
    """By coordinate: fields of objects and interfaces, input fields, enum values, and types by their names."""
    types = {name: gate for name, kind in schema.type_map.items() if (gate := _permission(kind)) is not None}
    found = {name: Needs((gate,)) for name, gate in types.items()}
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            found |= {f"{name}.{field}": _of_field(each, types) for field, each in kind.fields.items()}
        elif isinstance(kind, GraphQLInputObjectType):
            found |= {f"{name}.{field}": _of_input(each) for field, each in kind.fields.items()}
        elif isinstance(kind, GraphQLEnumType):
            found |= {f"{name}.{value}": _of_input(each) for value, each in kind.values.items()}
    return found


def _of_field(definition: GraphQLField, types: dict[str, str]) -> Needs:
    directives = directives_of(definition)
    mask = next((each for each in directives if isinstance(each, Sensitive)), None)
    gates = (_permission(definition), types.get(get_named_type(definition.type).name))
    return Needs(
        tuple(dict.fromkeys(gate for gate in gates if gate is not None)),
        mask,
        is_non_null_type(definition.type),
        any(isinstance(each, Public) for each in directives),
        any(isinstance(each, Authenticated) for each in directives),
        any(isinstance(each, InPerson) for each in directives),
    )


def _of_input(part: Any) -> Needs:  # Any: an input field or an enum value
    gate = _permission(part)
    return Needs(() if gate is None else (gate,), refuses=True)


def _permission(part: Any) -> str | None:  # Any: any part of a schema
    return next((each.permission for each in directives_of(part) if isinstance(each, RequiresPermission)), None)


def directives_of(part: Any) -> list[object]:  # Any: as above
    """Of a schema of ours as they were declared; of one that was read from its printed form as they stand there."""
    definition = (part.extensions or {}).get(DEFINITION)
    if definition is not None or part.ast_node is None:
        return list(getattr(definition, "directives", None) or ())
    return [_written(each) for each in part.ast_node.directives or () if each.name.value in _MADE]


def _written(node: DirectiveNode) -> object:
    return _MADE[node.name.value](
        **{each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
    )


def _sensitive(**values: Any) -> Sensitive:  # Any: JSON
    return Sensitive(**{**values, "mask": MaskKind[values["mask"]]})


_MADE: dict[str, Callable[..., object]] = {
    "requiresPermission": RequiresPermission,
    "public": Public,
    "authenticated": Authenticated,
    "inPerson": InPerson,
    "sensitive": _sensitive,
    "sunset": Sunset,
}
