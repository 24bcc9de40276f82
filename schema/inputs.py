"""What an operation's arguments use: plain values out of the syntax tree, and the coordinates of the input fields
and enum values in them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    EnumValueNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    ListValueNode,
    ObjectValueNode,
    SelectionNode,
    ValueNode,
    VariableNode,
    get_nullable_type,
    value_from_ast_untyped,
)


def plain_value(node: ValueNode, variables: Mapping[str, Any]) -> Any:  # Any: JSON
    """The value as JSON would write it; enum values are their names; a variable that was not given is None."""
    match node:
        case VariableNode():
            return variables.get(node.name.value)
        case ListValueNode():
            return [plain_value(item, variables) for item in node.values]
        case ObjectValueNode():
            return {part.name.value: plain_value(part.value, variables) for part in node.fields}
        case EnumValueNode():
            return node.value
        case _:
            return value_from_ast_untyped(node)


def holds_variable(node: ValueNode) -> bool:
    """Whether a variable stands anywhere in the value."""
    match node:
        case VariableNode():
            return True
        case ListValueNode():
            return any(map(holds_variable, node.values))
        case ObjectValueNode():
            return any(holds_variable(part.value) for part in node.fields)
        case _:
            return False


def used_inputs(kind: Any, value: Any) -> Iterator[str]:  # Any: an input type; JSON
    """``OrderWhere.customerId``, ``CustomerSortField.EMAIL``: every gated-or-not coordinate that the value touches."""
    kind = get_nullable_type(kind)
    if value is None:
        return
    if isinstance(kind, GraphQLList):
        for item in value if isinstance(value, list) else [value]:
            yield from used_inputs(kind.of_type, item)
    elif isinstance(kind, GraphQLEnumType) and isinstance(value, str):
        yield f"{kind.name}.{value}"
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        for name, inner in value.items():
            if name in kind.fields:
                yield f"{kind.name}.{name}"
                yield from used_inputs(kind.fields[name].type, inner)


def is_included(node: SelectionNode, variables: Mapping[str, Any]) -> bool:  # Any: JSON
    """Whether ``@skip`` and ``@include`` leave the selection in."""
    for directive in node.directives or ():
        name = directive.name.value
        if name in ("skip", "include"):
            condition = next(
                (plain_value(a.value, variables) for a in directive.arguments or () if a.name.value == "if"), None
            )
            if bool(condition) is (name == "skip"):
                return False
    return True
