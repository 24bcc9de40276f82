"""The rows past a key, as predicates: in one direction a row comparison, in mixed ones a bounded OR."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from db.keyset import beyond, bound_values, terms_of
from db.pages import SortKey
from db.statements import compile_statement
from db.tables import orders

DUE = datetime(2026, 3, 14, tzinfo=UTC)
UP, DOWN = SortKey("total"), SortKey("total", descending=True)


def predicate(*order: SortKey, reverse: bool = False, inclusive: bool = False) -> str:
    """The WHERE clause of what lies past a key of this order, on one line."""
    terms = terms_of(orders, order)
    names = [f"k{n}" for n in range(len(terms))]
    statement = select(orders.c.id).where(beyond(terms, names, reverse=reverse, inclusive=inclusive))
    return " ".join(compile_statement(statement).sql.split("WHERE ")[1].split())


@pytest.mark.parametrize(
    ("key", "reverse", "inclusive", "operator"),
    [
        (UP, False, False, ">"),
        (UP, True, False, "<"),
        (UP, False, True, ">="),
        (UP, True, True, "<="),
        (DOWN, False, False, "<"),
        (DOWN, True, False, ">"),
        (DOWN, False, True, "<="),
        (DOWN, True, True, ">="),
    ],
)
def test_one_direction_is_one_row_comparison(key: SortKey, reverse: bool, inclusive: bool, operator: str) -> None:
    asked = predicate(key, reverse=reverse, inclusive=inclusive)
    assert asked == f"(orders.total, orders.id) {operator} ($1::BIGINT, $2::UUID)"


def test_several_fields_in_one_direction_are_still_one_row_comparison() -> None:
    asked = predicate(DOWN, SortKey("status", descending=True))
    assert asked == '(orders.total, orders.status, orders.id) < ($1::BIGINT, $2::VARCHAR COLLATE "C", $3::UUID)'


def test_mixed_directions_keep_a_bound_on_the_first_field() -> None:
    asked = predicate(DOWN, SortKey("created_at"))
    assert asked.startswith("orders.total <= $1::BIGINT AND (orders.total < $1::BIGINT OR ")


def test_the_id_goes_in_the_direction_of_the_first_field() -> None:
    assert [descending for _, descending in terms_of(orders, (DOWN, SortKey("created_at")))] == [True, False, True]


@pytest.mark.parametrize(
    ("descending", "nulls_last", "term", "stand_in"),
    [
        (False, True, "least(orders.due_at, 'infinity'::timestamptz)", datetime.max),  # noqa: DTZ901
        (True, False, "least(orders.due_at, 'infinity'::timestamptz)", datetime.max),  # noqa: DTZ901
        (False, False, "greatest(orders.due_at, '-infinity'::timestamptz)", datetime.min),  # noqa: DTZ901
        (True, True, "greatest(orders.due_at, '-infinity'::timestamptz)", datetime.min),  # noqa: DTZ901
    ],
)
def test_a_null_gets_its_place_by_an_infinity(
    descending: bool, nulls_last: bool, term: str, stand_in: datetime
) -> None:
    order = (SortKey("due_at", descending, nulls_last),)
    assert str(terms_of(orders, order)[0][0]) == term
    assert bound_values(order, (None, "f" * 32)) == [stand_in, "f" * 32]
    assert bound_values(order, (DUE, "f" * 32)) == [DUE, "f" * 32]


def test_a_column_that_is_never_null_is_compared_as_it_is() -> None:
    assert str(terms_of(orders, (SortKey("total", nulls_last=False),))[0][0]) == "orders.total"


def test_a_nullable_column_without_infinities_is_refused() -> None:
    with pytest.raises(TypeError, match="nullable"):
        terms_of(orders, (SortKey("notes"),))
