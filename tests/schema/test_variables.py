"""Variables are coerced as graphql-core does it, whatever comes; what is wrong with them it tells itself."""

import sys
from collections import Counter
from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, build_schema, parse
from graphql.execution.values import VariableValues, get_variable_values

from schema.variables import MOST_OBJECTS, MOST_VALUES, Coercion, excess
from tests.support.executors import CORE, Executors, ask
from tests.support.world import World

SCHEMA = build_schema("""
type Query { a: Int }
enum Colour { RED GREEN }
input Point { x: Int!, y: Int = 7, next: Point, tags: [String!] }
input One @oneOf { a: Int, b: String }
""")
TYPES = [
    *("Int", "Int!", "Int = 5", "Int! = 5", "Float", "String", "ID!", "Boolean", "Boolean! = true"),
    *("Colour", "Colour = RED", "[Int!]!", "[[Int]]", "[Colour] = [RED]", "Point", "Point!", "Point = {x: 1}"),
    *("[Point!]", "One", "Nothing", "Query"),
]
DEEP: Any = {"x": 1}
for _ in range(400):
    DEEP = {"x": 1, "next": DEEP}
VALUES: list[Any] = [
    *(None, 0, 5, 2**31, -(2**31), 1.0, 1.5, True, False, "", "5", "RED", "BLUE"),
    *([], [1], [None], [[1, None], 2], ["RED"], {}, {"x": 1}, {"x": 1, "y": None}, {"x": "1"}, {"x": 1, "z": 2}),
    *({"x": 1, "next": {"x": 2}}, {"x": 1, "tags": "t"}, {"a": 1}, {"a": 1, "b": "2"}, {"a": None}),
    *([{"x": 1}, {"y": 1}], DEEP, "\ud800", 1e400),
]


def operation(text: str) -> OperationDefinitionNode:
    (node,) = parse(text).definitions
    assert isinstance(node, OperationDefinitionNode)
    return node


def plain(found: VariableValues | list[GraphQLError] | None) -> Any:  # Any: what can be compared
    """Wrapped types are made anew by each look-up."""
    if found is None or isinstance(found, list):
        return None
    sources = [(name, str(source.signature.type), source.value) for name, source in found.sources.items()]
    return sources, found.coerced


@pytest.mark.parametrize("kind", TYPES)
def test_every_value_is_coerced_as_graphql_core_does(kind: str) -> None:
    node = operation(f"query($v: {kind}) {{ a }}")
    coercion, errors = Coercion(SCHEMA, node), 0
    for given in ({}, {"other": 1}, *({"v": value} for value in VALUES)):
        expected = get_variable_values(SCHEMA, node.variable_definitions or (), given)
        errors += isinstance(expected, list)
        assert plain(coercion.values(given)) == plain(expected), given
    assert errors


def test_several_variables_keep_their_order_and_one_bad_one_spoils_all() -> None:
    node = operation('query($a: Int!, $b: String = "x", $c: [Int!], $d: Point) { a }')
    coercion, given = Coercion(SCHEMA, node), {"d": {"x": 1}, "c": [1, 2], "a": 3}
    found = coercion.values(given)
    assert found is not None
    assert plain(found) == plain(get_variable_values(SCHEMA, node.variable_definitions or (), given))
    assert list(found.coerced) == ["a", "b", "c", "d"]
    assert coercion.values({**given, "a": None}) is None


@pytest.mark.parametrize("value", ["12.50", "1e1000", 12, "2026-11-21T08:00:00Z", "2026-11-21", None])
@pytest.mark.parametrize("kind", ["Decimal", "DateTime!", "OrderWhere", "[OrderSort!]"])
def test_the_houses_own_scalars_are_coerced_as_graphql_core_does(kind: str, value: Any) -> None:  # Any: JSON
    node = operation(f"query($v: {kind}) {{ a }}")
    expected = get_variable_values(CORE, node.variable_definitions or (), {"v": value})
    assert plain(Coercion(CORE, node).values({"v": value})) == plain(expected)


def test_variables_may_reach_their_limits_and_not_pass_them() -> None:
    assert excess({"a": [{}] * MOST_OBJECTS, "b": 5}) is None
    assert excess({"a": [{}] * (MOST_OBJECTS // 2), "b": {"c": [{}] * (MOST_OBJECTS // 2)}}) == (
        f"Variables hold at most {MOST_OBJECTS} objects."
    )
    assert excess({"a": [1] * MOST_VALUES}) is None
    assert excess({"a": [[1], [1] * (MOST_VALUES - 2)]}) == f"Variables hold at most {MOST_VALUES} values."


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_null_that_is_said_for_a_condition_is_refused_though_its_variable_has_a_default(
    world: World, engine: str
) -> None:
    executors = Executors.of(world)
    text = "query($x: Boolean = true) { viewer { user { id @include(if: $x) } } }"
    async with world.statements() as seen:
        answer = await ask(getattr(executors, engine), text, {"x": None}, world.principal())
    assert (answer.code, seen) == ("BAD_USER_INPUT", [])
    assert b"$x" in answer.body
    assert (await ask(getattr(executors, engine), text, {}, world.principal())).code is None


async def test_variables_that_hold_too_much_are_refused_before_anything_is_made_of_them(world: World) -> None:
    where = {"or": [{"number": {"eq": str(number)}} for number in range(30_000)]}
    names = " ".join(f"o{number}: orders(where: $w) {{ totalCount }}" for number in range(20))
    executors, text = Executors.of(world), f"query($w: OrderWhere) {{ {names} }}"
    async with world.statements() as seen:
        calls = Counter[str]()
        sys.setprofile(lambda frame, event, arg: calls.update((event,)))
        try:
            answer = await ask(executors.compiled, text, {"w": where}, world.principal())
        finally:
            sys.setprofile(None)
    assert answer.code == "BAD_USER_INPUT"
    assert b"Variables hold at most" in answer.body
    assert (executors.ran, seen) == ({}, [])
    assert calls["call"] < 30_000  # fewer than the variable holds objects, and twenty fields use each
