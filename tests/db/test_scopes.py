"""A scope means the same to SQL and to the judge, and an event out of it is never seen."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from db.events import Event, Image
from db.filters import judge
from db.scopes import EVERY_ROW, REACHES, SCOPED, RowScope, reached, scope_of, seen_within
from db.statements import Statement, compile_statement
from db.tables import orders, products, tenant_tables
from tests.support.plant import ACTOR, NOON, OTHER, Floor
from tests.support.properties import bounded

ME = str(ACTOR.user_id)
OWN, ASSIGNED = (scope_of([reach], ME) for reach in ("OWN", "ASSIGNED"))
PEOPLE = st.sampled_from([None, ME, OTHER])
ROWS = st.fixed_dictionaries({"created_by": PEOPLE, "assigned_to": PEOPLE})
MADE, GIVEN, FOREIGN = ({"created_by": a, "assigned_to": b} for a, b in ((ME, None), (OTHER, ME), (OTHER, None)))


def test_each_reach_holds_what_the_narrower_ones_hold() -> None:
    *narrower, widest = REACHES.values()
    assert widest == ()
    for less, more in pairwise(narrower):
        assert set(less) < set(more)


@pytest.mark.parametrize(
    ("reaches", "scope"),
    [
        (["OWN"], OWN),
        (["ASSIGNED", "OWN"], ASSIGNED),
        (["OWN", "ALL", "ASSIGNED"], EVERY_ROW),
        (["ALL"], EVERY_ROW),
        ([], OWN),
    ],
)
def test_of_several_roles_the_widest_counts_and_none_is_the_narrowest(reaches: list[str], scope: RowScope) -> None:
    assert scope_of(reaches, ME) == scope


def test_every_table_whose_rows_are_assigned_is_scoped() -> None:
    assert {table for table in tenant_tables() if "assigned_to" in table.c} == SCOPED
    for table in SCOPED:
        assert all(column in table.c for columns in REACHES.values() for column in columns)


def test_what_belongs_to_nobody_is_reached_by_everybody() -> None:
    assert OWN.columns_of(products) == ()
    assert OWN.condition(products) is None


@pytest.mark.parametrize("scope", [OWN, ASSIGNED], ids=["OWN", "ASSIGNED"])
@bounded(60)
@given(st.lists(ROWS, min_size=1, max_size=6))
async def test_sql_and_the_judge_reach_the_same_rows(
    floor: Floor, scope: RowScope, rows: list[dict[str, object]]
) -> None:
    (predicate,) = reached(orders, scope.columns_of(orders))
    plain = compile_statement(select(predicate))
    given_rows = f"jsonb_populate_recordset(null::orders, ${len(plain.names) + 1}) AS orders"
    statement = Statement(f"{plain.sql.partition('FROM')[0]} FROM {given_rows}", (*plain.names, "rows"), plain.fixed)
    found = await floor.reader(scope=scope).fetch(statement, rows=rows)
    condition = scope.condition(orders)
    assert condition is not None
    assert [row[0] is True for row in found] == [judge(condition, row) is True for row in rows]


def event(before: Image | None, after: Image | None) -> Event:
    return Event(1, NOON, "order.updated", "order", "0" * 32, 2, before, after)


def test_a_scope_of_every_row_changes_no_event() -> None:
    told = event(FOREIGN, GIVEN)
    assert seen_within(EVERY_ROW, orders, told) is told


@pytest.mark.parametrize(
    ("scope", "before", "after", "seen"),
    [
        (ASSIGNED, GIVEN, MADE, event(GIVEN, MADE)),
        (ASSIGNED, FOREIGN, GIVEN, event(None, GIVEN)),
        (ASSIGNED, GIVEN, FOREIGN, replace(event(GIVEN, None), type="order.left")),
        (ASSIGNED, FOREIGN, FOREIGN, None),
        (ASSIGNED, None, GIVEN, event(None, GIVEN)),
        (ASSIGNED, None, FOREIGN, None),
        (ASSIGNED, GIVEN, None, event(GIVEN, None)),
        (ASSIGNED, FOREIGN, None, None),
        (OWN, GIVEN, GIVEN, None),
        (OWN, GIVEN, MADE, event(None, MADE)),
    ],
)
def test_an_image_out_of_the_scope_is_as_if_it_never_was(
    scope: RowScope, before: Image | None, after: Image | None, seen: Event | None
) -> None:
    assert seen_within(scope, orders, event(before, after)) == seen
