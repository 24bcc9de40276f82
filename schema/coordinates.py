"""The coordinates that a document names: ``Query.orders``, ``Query.orders(search:)``, ``OrderWhere.status``,
``OrderStatus.SHIPPED``; and which of them are deprecated.

What stands under ``@skip`` and ``@include`` counts whatever they say; what only a variable's value names does not.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)


class _Named(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: dict[str, str | None] = {}
        """Coordinate → why it is deprecated."""

    def enter_field(self, node: FieldNode, *_args: object) -> None:
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is not None and field is not None and not node.name.value.startswith("__"):
            self.found[f"{parent.name}.{node.name.value}"] = field.deprecation_reason

    def enter_argument(self, node: ArgumentNode, *_args: object) -> None:
        argument, owner = self._info.get_argument(), self._owner()
        if argument is not None and owner is not None:
            self.found[f"{owner}({node.name.value}:)"] = argument.deprecation_reason

    def enter_object_field(self, node: ObjectFieldNode, *_args: object) -> None:
        kind: Any = get_named_type(self._info.get_parent_input_type())  # Any: an input type
        if isinstance(kind, GraphQLInputObjectType) and node.name.value in kind.fields:
            self.found[f"{kind.name}.{node.name.value}"] = kind.fields[node.name.value].deprecation_reason

    def enter_enum_value(self, node: EnumValueNode, *_args: object) -> None:
        kind: Any = get_named_type(self._info.get_input_type())  # Any: an input type
        if isinstance(kind, GraphQLEnumType) and node.value in kind.values:
            self.found[f"{kind.name}.{node.value}"] = kind.values[node.value].deprecation_reason

    def _owner(self) -> str | None:
        """What the argument belongs to."""
        directive: GraphQLDirective | None = self._info.get_directive()
        if directive is not None:
            return f"@{directive.name}"
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        return None if parent is None or field is None else f"{parent.name}.{_name_of(parent, field)}"


def named_in(schema: GraphQLSchema, document: DocumentNode) -> Mapping[str, str | None]:
    """Every coordinate that a document names, which fits the schema: why it is deprecated, None where it is not."""
    info = TypeInfo(schema)
    named = _Named(info)
    visit(document, TypeInfoVisitor(info, named))
    return named.found


def _name_of(parent: Any, field: GraphQLField) -> str:  # Any: an output type
    return next((name for name, each in getattr(parent, "fields", {}).items() if each is field), "__typename")
