"""What another schema does to documents."""

from graphql import build_schema

from schema.breaking import broken_by

OTHER = build_schema('type Query { order: Order } type Order { id: ID! total: Int @deprecated(reason: "Use sum.") }')


def test_what_breaks_and_what_is_deprecated_is_told_and_nothing_else() -> None:
    texts = {"a": "{ order { id } }", "b": "{ order { number } }", "c": "{ order { total } }", "d": "{"}
    found = {each.id: each for each in broken_by(OTHER, texts.items())}
    assert found.keys() == {"b", "c", "d"}
    assert "number" in found["b"].errors[0]
    assert (found["c"].errors, found["c"].deprecated) == ((), ("Order.total (Use sum.)",))
    assert found["d"].errors
