"""Values that will do for variables, where a document is looked at and nobody has said any."""

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)

DEEPEST = 5
_VALUES = {"Int": 1, "Float": 1.0, "Boolean": False, "DateTime": "2026-01-01T00:00:00Z", "Decimal": "1", "JSON": {}}


def values_for(schema: GraphQLSchema, node: OperationDefinitionNode) -> dict[str, Any]:  # Any: JSON
    """Of the variables that an operation has to be given."""
    found = {}
    for definition in node.variable_definitions or ():
        kind = type_from_ast(schema, definition.type)
        if definition.default_value is None and is_non_null_type(kind):
            found[definition.variable.name.value] = value_for(kind)
    return found


def value_for(kind: Any, depth: int = 0) -> Any:  # Any: an input type; JSON
    """A value that will do for the type, as small as can be."""
    if not is_non_null_type(kind) or depth > DEEPEST:
        return None
    if is_list_type(kind.of_type):
        return []
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if isinstance(named, GraphQLInputObjectType):
        required = {name: each for name, each in named.fields.items() if is_non_null_type(each.type)}
        return {name: value_for(each.type, depth + 1) for name, each in required.items()}
    return _VALUES.get(getattr(named, "name", ""), "x")
