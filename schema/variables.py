"""The variables of an operation, coerced: as graphql-core does, with what does not depend on the request done once.

The types of the variables are looked up once an operation, and most values are coerced by one call of their type's own
function. Whatever is not plain success is left to graphql-core from the start, so that every error is its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, input_is_nested_too_deeply
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_value

MOST_OBJECTS, MOST_VALUES = 1_000, 10_000
"""What one request's variables may hold: many times what all filters of an operation, or an order's items, can need."""


_HOLDERS = (dict, list)


class _NotPlain(Exception):
    """Not plain success."""


def excess(variables: Mapping[str, Any]) -> str | None:  # Any: JSON
    """What the variables hold too much of, None: nothing. Asked first: a value is made into an input by each argument
    that uses it.
    """
    for value in variables.values():
        if isinstance(value, _HOLDERS):
            return _excess([value for value in variables.values() if isinstance(value, _HOLDERS)])
    return None


def _excess(pending: list[Any]) -> str | None:  # Any: JSON
    objects = values = 0
    while pending:
        holder = pending.pop()
        objects += isinstance(holder, dict)
        values += len(holder)
        if objects > MOST_OBJECTS or values > MOST_VALUES:
            most = f"{MOST_OBJECTS} objects" if objects > MOST_OBJECTS else f"{MOST_VALUES} values"
            return f"Variables hold at most {most}."
        inner = holder.values() if isinstance(holder, dict) else holder
        pending += [value for value in inner if isinstance(value, _HOLDERS)]
    return None


@dataclass(frozen=True, slots=True)
class _Variable:
    """``coerce`` takes any value but null."""

    name: str
    signature: GraphQLVariableSignature
    required: bool
    coerce: Callable[[Any], Any]  # Any: JSON, and a coerced value


class Coercion:
    """Coerces the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._variables: list[_Variable] | None = []
        for definition in operation.variable_definitions or ():
            signature = get_variable_signature(schema, definition)
            if not isinstance(signature, GraphQLVariableSignature):
                self._variables = None  # an error, each time
                return
            self._variables.append(
                _Variable(signature.name, signature, is_non_null_type(signature.type), _coercer(signature.type))
            )

    def values(self, given: Mapping[str, Any]) -> VariableValues | None:  # Any: JSON
        """The coerced values; None when graphql-core has errors to tell."""
        if self._variables is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}  # Any: coerced values
        try:
            for variable in self._variables:
                name = variable.name
                value = given.get(name, Undefined)
                sources[name] = VariableValueSource(variable.signature, value)
                if value is not Undefined and (value is not None or not variable.required):
                    coerced[name] = None if value is None else variable.coerce(value)
                elif variable.signature.default is not None and value is Undefined:
                    coerced[name] = coerce_default_value(variable.signature)
                elif variable.required:
                    return None
                if coerced.get(name) is Undefined:
                    return None
        except Exception:  # whatever it is: graphql-core meets it again, and tells it
            return None
        return VariableValues(sources, coerced)


def _coercer(kind: Any) -> Callable[[Any], Any]:  # Any: an input type; JSON, and a coerced value
    inner = get_nullable_type(kind)
    if is_leaf_type(inner):
        coerce: Callable[[Any], Any] = inner.coerce_input_value  # Any: as above
        return coerce

    def coerce_nested(value: Any) -> Any:  # Any: as above
        if input_is_nested_too_deeply(value, kind):
            raise _NotPlain
        return coerce_input_value(value, kind)

    return coerce_nested
