"""Arguments: from syntax and variables to what a resolver is called with, as graphql-core and Strawberry would.

All that does not depend on the request is done once: which argument is a constant, a variable or a default, and how a
coerced value becomes the Python value of its input type. What goes wrong is the reference's to tell: ``Unsupported``.
"""

from collections.abc import Callable
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import FieldNode, GraphQLArgument, GraphQLField, Undefined, ValueNode, VariableNode, is_non_null_type
from graphql.execution.values import VariableValues
from graphql.type import is_required_argument
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    get_object_definition,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

from schema.engine.plan import Call, Unsupported
from schema.inputs import holds_variable
from schema.needs import DEFINITION

Convert = Callable[[Any], Any]  # Any: a value as graphql-core coerced it, and as a resolver takes it
_Step = Callable[[VariableValues], Any]  # Any: a coerced value, or Undefined


class Arguments:
    """Compiles the arguments of fields of one schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._config = schema.config
        self._scalars = schema.schema_converter.scalar_registry
        self._inputs: dict[type, Convert] = {}

    def call(self, definition: GraphQLField, node: FieldNode, *, keep: bool = False) -> Call:
        """What reads the field's arguments by their Python names. With ``keep``, values without a variable are made
        once and shared by all requests: only for a caller that changes none. Raises Unsupported; so does the call.
        """
        field: StrawberryField = definition.extensions[DEFINITION]
        written = {argument.name.value: argument.value for argument in node.arguments or ()}
        names = self._config.name_converter
        steps: list[tuple[str, _Step, Convert | None]] = []
        for argument in field.arguments:
            name = names.from_argument(argument)
            step = _step(definition.args[name], written.get(name))
            if step is not None:
                steps.append((argument.python_name, step, self._converter(argument.type)))

        def read(variables: VariableValues) -> dict[str, Any]:  # Any: a value of the argument's type
            values = {}
            for name, step, convert in steps:
                value = step(variables)
                if value is not Undefined:
                    values[name] = value if convert is None else convert(value)
            return values

        if keep and not any(map(holds_variable, written.values())):
            kept = read(VariableValues({}, {}))
            return lambda _: kept
        return read

    def _converter(self, kind: Any) -> Convert | None:  # Any: a Strawberry type
        """None: the value is taken as it is."""
        if isinstance(kind, StrawberryMaybe) or kind is GlobalID:
            raise Unsupported("argument")
        if isinstance(kind, LazyType):
            return self._converter(kind.resolve_type())
        if isinstance(kind, StrawberryOptional):
            return self._converter(kind.of_type)
        if isinstance(kind, StrawberryList):
            return _list_of(self._converter(kind.of_type))
        if is_scalar(kind, self._scalars) or isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind):
            return None
        if has_object_definition(kind):
            return self._inputs.get(kind) or self._input(kind)
        raise Unsupported("argument")

    def _input(self, kind: Any) -> Convert:  # Any: an input class
        definition = get_object_definition(kind, strict=True)
        if definition.from_input is not None:
            raise Unsupported("argument")
        fields: list[tuple[str, str, Convert | None]] = []
        # What was left out and has no default of its own is None, as Strawberry makes it.
        absent = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }

        def build(value: Any) -> Any:  # Any: a mapping, an input
            if value is None or value is UNSET:
                return value
            values = dict(absent)
            for name, python_name, convert in fields:
                if name in value:
                    given = value[name]
                    values[python_name] = given if convert is None else convert(given)
            return kind(**values)

        self._inputs[kind] = build  # before its fields: an input may hold itself
        for field in definition.fields:
            converter = self._converter(field.resolve_type(type_definition=definition))
            fields.append((self._config.name_converter.from_field(field), field.python_name, converter))
        return build


def _list_of(convert: Convert | None) -> Convert:
    def build(value: Any) -> Any:  # Any: a list, or nothing
        if value is None or value is UNSET:
            return value
        return list(value) if convert is None else [convert(item) for item in value]

    return build


def _step(argument: GraphQLArgument, written: ValueNode | None) -> _Step | None:
    """What gives the argument's coerced value; None when there is never any."""
    required, kind = is_required_argument(argument), argument.type
    default = Undefined if required else coerce_default_value(argument)
    if written is None:
        if required:
            raise Unsupported("argument")
        return None if default is Undefined else lambda _: default
    if isinstance(written, VariableNode):
        name, needed = written.name.value, is_non_null_type(kind)

        def of_variable(variables: VariableValues) -> Any:  # Any: a coerced value
            value = variables.coerced.get(name, Undefined)
            if value is Undefined:
                value = default
            if (value is None and needed) or (value is Undefined and required):
                raise Unsupported("argument")
            return value

        return of_variable
    if not holds_variable(written):
        constant = _literal(written, kind, None)
        return lambda _: constant
    return lambda variables: _literal(written, kind, variables)


def _literal(written: ValueNode, kind: Any, variables: VariableValues | None) -> Any:  # Any: an input type, a value
    value = coerce_input_literal(written, kind, variables)
    if value is Undefined:
        raise Unsupported("argument")
    return value
