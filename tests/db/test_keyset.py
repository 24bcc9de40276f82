"""The rows past a key, as predicates: in one direction a row comparison, in mixed ones a bounded OR; and ranks, which
sort in memory as SQL does.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from db.keyset import beyond, bound_values, rank_of, terms_of
from db.listings import page_of
from db.orders import LISTING
from db.pages import PageRequest, SortKey, key_in
from db.statements import Statement, compile_statement
from db.tables import orders
from tests.support.plant import MINE, Floor, planted
from tests.support.properties import bounded

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


# ── ranks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = st.one_of(
    st.sampled_from(["", "a", "A", "Z", "é", "e\u0301", "z", "ß", "İ", "\ud7ff", "\ue000", "\uffff", "\U0010ffff"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
)
TIMES = st.sampled_from([DUE + timedelta(microseconds=n) for n in (-1, 0, 1)] + [DUE.replace(year=9999)])
VALUES = {
    "number": TEXTS,
    "status": TEXTS,
    "total": st.sampled_from([-(2**63), -1, 0, 1, 2**63 - 1]),
    "due_at": st.none() | TIMES,
    "updated_at": TIMES,
    "customer_id": st.sampled_from(["0" * 32, "7" * 32, "f" * 32]),
}
ROWS = st.lists(
    st.fixed_dictionaries({"id": st.uuids().map(lambda uuid: uuid.hex), **VALUES}),
    max_size=8,
    unique_by=lambda row: row["id"],
)
ORDERS = st.lists(
    st.builds(SortKey, st.sampled_from(sorted(VALUES)), st.booleans(), st.booleans()),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key.column,
).map(tuple)
GIVEN = "jsonb_populate_recordset(null::orders, $1) AS orders"


def ranked(order: tuple[SortKey, ...], rows: Sequence[Mapping[str, Any]]) -> list[Any]:  # Any: one value per column
    """The ids in the judge's order."""
    return [row["id"] for row in sorted(rows, key=lambda row: rank_of(order, key_in(order, row)))]


@bounded(300)
@given(ORDERS, ROWS)
async def test_ranks_sort_as_sql_sorts(floor: Floor, order: tuple[SortKey, ...], rows: list[dict[str, object]]) -> None:
    plainly = ", ".join(
        f"{key.column} {'DESC' if key.descending else 'ASC'} NULLS {'LAST' if key.nulls_last else 'FIRST'}"
        for key in (*order, SortKey("id", order[0].descending))
    )
    paged = ", ".join(f"{term} {'DESC' if down else 'ASC'}" for term, down in terms_of(orders, order))
    for by in (plainly, paged):
        found = await floor.reader().fetch(Statement(f"SELECT id FROM {GIVEN} ORDER BY {by}", ("rows",), {}), rows=rows)
        assert ranked(order, rows) == [row["id"] for row in found]


@bounded(100)
@given(ORDERS, ROWS)
async def test_two_ranks_compare_as_sql_compares_two_rows(
    floor: Floor, order: tuple[SortKey, ...], rows: list[dict[str, object]]
) -> None:
    terms = terms_of(orders, order)
    past = beyond(terms, [f"k{n}" for n in range(len(terms))], reverse=False)
    asked = compile_statement(select(orders.c.id).where(past))
    where = asked.sql.split("WHERE ")[1]
    text = f"SELECT id FROM jsonb_populate_recordset(null::orders, ${len(asked.names) + 1}) AS orders WHERE {where}"
    statement = Statement(text, (*asked.names, "rows"), asked.fixed)
    for row in rows[:2]:
        key = key_in(order, row)
        values = {f"k{n}": value for n, value in enumerate(bound_values(order, key))}
        found = {found["id"] for found in await floor.reader().fetch(statement, rows=rows, **values)}
        assert found == {other["id"] for other in rows if rank_of(order, key) < rank_of(order, key_in(order, other))}


@bounded(60)
@given(ORDERS)
async def test_a_page_stands_in_the_order_of_its_ranks(floor: Floor, order: tuple[SortKey, ...]) -> None:
    page = await page_of(floor.reader(), LISTING, PageRequest(order, 500))
    assert ranked(order, planted(MINE)["orders"]) == [row["id"] for row in page.rows]
    assert ranked(order, [dict(row) for row in page.rows]) == [row["id"] for row in page.rows]
