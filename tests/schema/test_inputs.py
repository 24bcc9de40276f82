"""What an operation's arguments use: plain values out of the syntax tree, and the coordinates in them."""

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse_type, parse_value, type_from_ast

from schema.inputs import plain_value, used_inputs

SCHEMA: GraphQLSchema = build_schema("""
    input Where { and: [Where!] not: Where name: Text kind: Kind kinds: [[Kind]] }
    input Text { eq: String in: [String!] }
    enum Kind { A B }
    type Query { list(where: Where): Int }
""")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("true", True),
        ("null", None),
        ('"a"', "a"),
        ("A", "A"),
        ("[A, [1, null]]", ["A", [1, None]]),
        ("{a: {b: [$given]}, c: $missing}", {"a": {"b": ["x"]}, "c": None}),
        ("9" * 5_000, None),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_literal_is_the_value_that_json_would_write(text: str, value: Any) -> None:  # Any: JSON
    found = plain_value(parse_value(text), {"given": "x"})
    if len(text) < 100:
        assert found == value


@pytest.mark.parametrize(
    ("kind", "value", "coordinates"),
    [
        ("Where", None, set()),
        ("Where", {}, set()),
        ("Where", {"name": None}, {"Where.name"}),
        ("Where!", {"name": {"eq": "x"}}, {"Where.name", "Text.eq"}),
        ("[Where!]!", [{"not": {"name": {}}}, {"kind": "A"}], {"Where.not", "Where.name", "Where.kind", "Kind.A"}),
        ("[Where]", {"kind": "B"}, {"Where.kind", "Kind.B"}),
        ("Where", {"and": {"kind": "A"}}, {"Where.and", "Where.kind", "Kind.A"}),
        ("Where", {"kinds": [["A"], "B"]}, {"Where.kinds", "Kind.A", "Kind.B"}),
        ("Where", {"unknown": 1}, set()),
        ("Where", "nonsense", set()),
        ("Kind", 7, set()),
        ("String", {"a": 1}, set()),
    ],
)
def test_every_input_field_and_enum_value_that_is_used_is_found(
    kind: str,
    value: Any,  # Any: JSON
    coordinates: set[str],
) -> None:
    assert set(used_inputs(type_from_ast(SCHEMA, parse_type(kind)), value)) == coordinates
