"""Values that nobody said."""

from collections.abc import Sequence
from typing import Any

from graphql import build_schema

from schema.made_up import value_for


def test_a_value_that_will_do_is_as_small_as_can_be() -> None:
    schema = build_schema("""
        type Query { f(a: Int!, b: [In!]!, c: In!, d: E!, e: String, g: S!): Int }
        input In { x: Int!  y: In  z: ID! }
        enum E { A B }
        scalar S
    """)
    query: Any = schema.query_type  # Any: it is there
    values: Sequence[Any] = [value_for(each.type) for each in query.fields["f"].args.values()]
    assert values == [1, [], {"x": 1, "z": "x"}, "A", None, "x"]
