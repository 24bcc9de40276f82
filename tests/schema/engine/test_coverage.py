"""What runs by plans: all of the schema, introspection aside."""

from random import Random
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
)

from schema.engine.arguments import Arguments
from schema.engine.compile import compile_operation
from schema.engine.plan import Unsupported
from schema.reference import GatedExecutor, Reference
from schema.root import schema
from tests.support.arguments import Facts, Values, literal
from tests.support.executors import CORE

DEPTH = 5
ROOTS = [
    (kind.name.lower(), name)
    for kind in (CORE.query_type, CORE.mutation_type, CORE.subscription_type)
    if kind is not None
    for name in kind.fields
]


def _written(name: str, field: GraphQLField, depth: int) -> str:
    """The field with the arguments that it needs, and all that is below it to some depth."""
    kind = get_named_type(field.type)
    needed = {key: argument for key, argument in field.args.items() if is_required_argument(argument)}
    values = Values(Random(name), Facts({}, []), malformed=0)
    given = ", ".join(f"{key}: {literal(each.type, values.of(each.type, key))}" for key, each in needed.items())
    head = name + (f"({given})" if given else "")
    if is_leaf_type(kind):
        return head
    below = _selections(kind, depth - 1)
    return f"{head} {{ {below} }}"


def _selections(kind: Any, depth: int) -> str:  # Any: a composite type
    parts = ["__typename"]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        parts += [
            _written(name, field, depth)
            for name, field in kind.fields.items()
            if depth > 0 or is_leaf_type(get_named_type(field.type))
        ]
    if not isinstance(kind, GraphQLObjectType) and depth > 0:
        parts += [f"... on {each.name} {{ {_selections(each, depth - 1)} }}" for each in CORE.get_possible_types(kind)]
    return " ".join(parts)


@pytest.mark.parametrize(("kind", "name"), ROOTS)
def test_everything_that_can_be_selected_runs_by_a_plan(kind: str, name: str) -> None:
    root = CORE.get_root_type(parse(f"{kind} {{ a }}").definitions[0].operation)  # type: ignore[attr-defined]
    assert root is not None
    text = f"{kind} {{ {_written(name, root.fields[name], DEPTH)} }}"
    executor = Reference(CORE).build(parse(text), None, {})
    assert isinstance(executor, GatedExecutor)
    try:
        plan = compile_operation(CORE, executor, {}, Arguments(schema()))
    except Unsupported as error:
        pytest.fail(f"{error.reason}: {text}")
    assert [key for key, _ in plan.fields] == [name]
