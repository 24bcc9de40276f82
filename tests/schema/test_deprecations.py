"""What is on its way out: told of the documents that use it, by the earliest of its days."""

from datetime import UTC, datetime

import pytest
from graphql import build_schema, parse

from schema.deprecations import Deprecation, Deprecations
from schema.root import schema

SCHEMA = build_schema("""
directive @sunset(since: String!, until: String) on FIELD_DEFINITION | ENUM_VALUE
type Query { order: Order  orders(old: Int @deprecated): [Order!]! }
type Order {
  id: ID!
  total: Int @deprecated(reason: "Use sum.") @sunset(since: "2026-11-01", until: "2027-05-01")
  notes: String @deprecated(reason: "Use text.") @sunset(since: "2026-10-01")
  bare: Int @deprecated
}
""")
KNOWN = Deprecations(SCHEMA)


def day(month: int, year: int = 2026) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp())


def of(text: str) -> Deprecation | None:
    return KNOWN.of(parse(text), text)


@pytest.mark.parametrize(
    "text", ["{ order { id } }", "{ order { id: __typename } } # total", "{ total: order { id } }"]
)
def test_a_document_that_uses_nothing_deprecated_is_not_told(text: str) -> None:
    assert of(text) is None


def test_the_days_of_what_is_used_are_told() -> None:
    assert of("{ order { total } }") == Deprecation(day(11), day(5, 2027))
    assert of("{ order { total notes } }") == Deprecation(day(10), day(5, 2027))


def test_without_a_day_it_is_since_ever() -> None:
    assert of("{ order { bare } }") == of("{ orders(old: 1) { id } }") == Deprecation(since=0)


def test_everything_deprecated_here_says_since_when() -> None:
    known = Deprecations(schema()._schema).known
    assert not [name for name, each in known.items() if not each.since], "state @sunset beside @deprecated"
