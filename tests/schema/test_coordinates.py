"""What a document names: fields, arguments, input fields, enum values, and why any is deprecated."""

from graphql import build_schema, parse

from schema.coordinates import named_in

SCHEMA = build_schema("""
type Query { order(id: ID!, old: Int @deprecated(reason: "unused")): Order  orders(where: Where): [Order!]! }
type Order { id: ID!  total: Int @deprecated(reason: "Use sum.")  sum: Int  status: Status }
input Where { status: Status  gone: Int @deprecated(reason: "no more") }
enum Status { OPEN  SHUT @deprecated(reason: "CLOSED") }
""")


def named(text: str) -> dict[str, str | None]:
    return dict(named_in(SCHEMA, parse(text)))


def test_fields_and_arguments_are_named() -> None:
    assert named("{ order(id: 1) { __typename id } }") == {
        "Query.order": None,
        "Query.order(id:)": None,
        "Order.id": None,
    }


def test_fragments_and_conditions_count() -> None:
    found = named("query($x: Boolean!) { orders { ...F @include(if: $x) } } fragment F on Order { a: total }")
    assert found["Order.total"] == "Use sum."


def test_input_fields_and_values_tell_why_they_are_deprecated() -> None:
    found = named("{ orders(where: {status: SHUT, gone: 1}) { id } order(id: 1, old: 2) { id } }")
    assert (found["Where.status"], found["Where.gone"]) == (None, "no more")
    assert (found["Status.SHUT"], found["Query.order(old:)"]) == ("CLOSED", "unused")
