"""Arguments, compiled: what a resolver is called with is what graphql-core and Strawberry would call it with."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    OperationDefinitionNode,
    parse,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from strawberry.types.arguments import convert_arguments

from schema.engine.arguments import Arguments
from schema.engine.plan import Unsupported
from schema.needs import DEFINITION
from schema.root import schema
from tests.support.arguments import Facts, Values, literal
from tests.support.executors import CORE

SEED, COUNT = 20_261_121, 40


def _fields(core: Any = CORE) -> Iterator[tuple[str, GraphQLField]]:  # Any: a schema
    """Every field that takes arguments."""
    for kind in core.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            if getattr(field, "args", None) and DEFINITION in (field.extensions or {}):
                yield f"{kind.name}.{name}", field


FIELDS = dict(_fields())


def _node(text: str) -> tuple[OperationDefinitionNode, FieldNode]:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    return operation, node


def _written(random: Random, values: Values, name: str, field: GraphQLField) -> tuple[str, dict[str, Any]]:  # Any: JSON
    """A selection of the field, some of its arguments literals, some variables, some left out; and the variables."""
    declared, given, parts = [], {}, []
    for key, argument in field.args.items():
        if random.random() < 0.3:
            continue
        value = values.of(argument.type, key)
        if random.random() < 0.5:
            parts.append(f"{key}: {literal(argument.type, value)}")
            continue
        default = f" = {literal(argument.type, value)}" if random.random() < 0.3 and value is not None else ""
        declared.append(f"${key}: {str(argument.type).removesuffix('!')}{default}")
        parts.append(f"{key}: ${key}")
        if random.random() < 0.7:
            given[key] = value if random.random() < 0.9 else None
    head = f"query({', '.join(declared)})" if declared else "query"
    arguments = f"({', '.join(parts)})" if parts else ""
    return f"{head} {{ {name}{arguments} }}", given


def _expected(field: GraphQLField, node: FieldNode, variables: VariableValues) -> Any:  # Any: of the arguments' types
    """As Strawberry's resolvers are called; None when graphql-core refuses."""
    built = schema()
    try:
        values = get_argument_values(field, node, variables)
    except GraphQLError:
        return None
    definition = field.extensions[DEFINITION]
    return convert_arguments(values, definition.arguments, built.schema_converter.scalar_registry, built.config)


def _called(
    arguments: Arguments, field: GraphQLField, node: FieldNode, variables: VariableValues
) -> Any:  # Any: as above
    try:
        return arguments.call(field, node)(variables)
    except Unsupported:
        return None


@pytest.mark.parametrize("name", FIELDS)
def test_random_arguments_are_what_strawberry_makes_of_them(name: str) -> None:
    field, random, arguments = FIELDS[name], Random(f"{SEED}{name}"), Arguments(schema())
    values, taken = Values(random, Facts({}, [])), 0
    for _ in range(COUNT):
        text, given = _written(random, values, name.partition(".")[2], field)
        operation, node = _node(text)
        variables = get_variable_values(CORE, operation.variable_definitions or (), given)
        if isinstance(variables, VariableValues):
            expected = _expected(field, node, variables)
            assert _called(arguments, field, node, variables) == expected, (text, given)
            taken += expected is not None
    assert taken > 0


def test_constants_are_shared_only_where_that_is_asked_for() -> None:
    field, arguments = FIELDS["Query.orders"], Arguments(schema())
    _, node = _node("{ orders(where: {status: {in: [SHIPPED]}}, orderBy: [{field: TOTAL}]) }")
    nothing = VariableValues({}, {})
    kept = arguments.call(field, node, keep=True)
    assert kept(nothing) is kept(nothing)
    fresh = arguments.call(field, node)
    one, other = fresh(nothing), fresh(nothing)
    assert one == other == kept(nothing)
    assert one["where"] is not other["where"]
    assert one["order_by"] is not other["order_by"]


@strawberry.input
class _Pair:
    """An input with every way to leave a field out."""

    one: int
    two: int | None
    three: int | None = strawberry.UNSET
    four: list[int] | None = strawberry.field(default_factory=lambda: [4])
    more: list["_Pair"] | None = None


@strawberry.type
class _Query:
    @strawberry.field
    def take(self, pair: _Pair | None = None, pairs: list[_Pair | None] | None = None, many: list[int] = [1, 2]) -> int:  # noqa: B006
        return len(many)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "(pair: null, pairs: null)",
        "(pair: {one: 1})",
        "(pair: {one: 1, two: null, three: null, four: null, more: null})",
        "(pair: {one: 1, four: 5, more: {one: 2, more: [{one: 3}]}})",
        "(pairs: {one: 1}, many: 3)",
        "(pairs: [{one: 1}, null])",
        "(many: [])",
    ],
)
def test_what_is_left_out_is_what_strawberry_makes_of_it(written: str) -> None:
    built = strawberry.Schema(query=_Query)
    field = built._schema.query_type.fields["take"]  # type: ignore[union-attr]
    _, node = _node(f"{{ take{written} }}")
    variables = VariableValues({}, {})
    expected = convert_arguments(
        get_argument_values(field, node, variables),
        field.extensions[DEFINITION].arguments,
        built.schema_converter.scalar_registry,
        built.config,
    )
    assert Arguments(built).call(field, node)(variables) == expected


def test_an_input_that_makes_itself_is_left_to_strawberry() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def take(self, value: strawberry.Maybe[int]) -> int:
            return 0 if value is None else 1

    built = strawberry.Schema(query=Query)
    _, node = _node("{ take(value: 1) }")
    with pytest.raises(Unsupported):
        Arguments(built).call(built._schema.query_type.fields["take"], node)  # type: ignore[union-attr]
