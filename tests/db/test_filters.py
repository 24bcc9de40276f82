"""A condition means the same to SQL and to the judge."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import bindparam, select

from db.errors import BadValue
from db.filters import All, Condition, Not, Operator, Some, Test, clause, judge, shape_of, values_of
from db.statements import Statement, compile_statement
from db.tables import orders
from tests.support.plant import MINE, NOON, Floor, planted
from tests.support.properties import bounded

TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "A", "é", "e\u0301", "Zoë", "🎉", "%", "_", "\\", "a%b_c", "\ud7ff", "\ue000", "\uffff", "\U0010ffff"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.text("aé🎉\U0010ffff", max_size=4),
)
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([2**63 - 1, -(2**63)]))
SMALL = st.integers(-3, 3)
TIMES = st.sampled_from([NOON + timedelta(microseconds=n) for n in (-1, 0, 1)] + [NOON.replace(year=9999)])
IDS = st.sampled_from(["0" * 32, "7" * 32, "f" * 32])
VALUES = {"number": TEXTS, "notes": TEXTS, "total": NUMBERS, "version": SMALL, "due_at": TIMES, "created_by": IDS}
NULLABLE = {"notes", "due_at", "created_by"}
ROWS = st.fixed_dictionaries(
    {name: st.none() | values if name in NULLABLE else values for name, values in VALUES.items()}
)
COMPARING: tuple[Operator, ...] = ("eq", "ne", "lt", "lte", "gt", "gte")
TEXTUAL: tuple[Operator, ...] = ("contains", "starts_with")


@st.composite
def single_tests(draw: st.DrawFn) -> Test:
    column = draw(st.sampled_from(sorted(VALUES)))
    operators = (*COMPARING, "in", "is_null", *(TEXTUAL if column in {"number", "notes"} else ()))
    operator: Operator = draw(st.sampled_from(operators))
    if operator == "is_null":
        return Test(column, operator, draw(st.booleans()))
    if operator == "in":
        return Test(column, operator, draw(st.lists(VALUES[column], max_size=3)))
    return Test(column, operator, draw(VALUES[column]))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    single_tests(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(All), st.lists(inner, max_size=3).map(Some), inner.map(Not)
    ),
    max_leaves=6,
)


def asked_of_rows(condition: Condition) -> Statement:
    """The condition as SQL over rows that are given as JSON, in the columns' types and collations."""
    statement = compile_statement(select(clause(orders, shape_of(condition), (f"v{n}" for n in itertools.count()))))
    given_rows = f"jsonb_populate_recordset(null::orders, ${len(statement.names) + 1}) AS orders"
    return Statement(
        f"{statement.sql.partition('FROM')[0]} FROM {given_rows}", (*statement.names, "rows"), statement.fixed
    )


async def matching(floor: Floor, condition: Condition) -> set[str]:
    """My orders for which SQL finds the condition true."""
    where = clause(orders, shape_of(condition), (f"v{n}" for n in itertools.count()))
    statement = compile_statement(select(orders.c.id).where(orders.c.tenant_id == bindparam("tenant"), where))
    return {row["id"] for row in await floor.reader().fetch(statement, **numbered(condition))}


def numbered(condition: Condition) -> dict[str, object]:
    return {f"v{n}": value for n, value in enumerate(values_of(condition))}


@bounded(300)
@given(CONDITIONS, st.lists(ROWS, min_size=1, max_size=6))
@example(Test("notes", "starts_with", ""), [{**dict.fromkeys(VALUES), "notes": "\U0010ffff\U0010ffff"}])
@example(Test("notes", "starts_with", "\U0010ffff"), [{**dict.fromkeys(VALUES), "notes": "\U0010ffffx"}])
@example(Test("notes", "starts_with", "\ud7ff"), [{**dict.fromkeys(VALUES), "notes": "\ud7ffx"}])
@example(Not(Test("notes", "in", [])), [dict.fromkeys(VALUES)])
async def test_the_judge_says_what_sql_says(floor: Floor, condition: Condition, rows: list[dict[str, object]]) -> None:
    answers = await floor.reader().fetch(asked_of_rows(condition), rows=rows, **numbered(condition))
    assert [judge(condition, row) for row in rows] == [answer[0] for answer in answers]


@bounded(60)
@given(CONDITIONS)
async def test_a_list_holds_the_rows_that_the_judge_lets_through(floor: Floor, condition: Condition) -> None:
    assert await matching(floor, condition) == {
        row["id"] for row in planted(MINE)["orders"] if judge(condition, row) is True
    }


@bounded(100)
@given(CONDITIONS, CONDITIONS)
def test_the_shape_alone_decides_the_text(one: Condition, other: Condition) -> None:
    same = compile_statement(select(clause(orders, shape_of(one), (f"v{n}" for n in itertools.count()))))
    assert set(same.names) <= set(numbered(one)) | set(same.fixed)
    if shape_of(one) == shape_of(other):
        assert len(list(values_of(one))) == len(list(values_of(other)))
    hash(shape_of(one))


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        (All([]), True),
        (Some([]), False),
        (Not(All([])), False),
        (Test("notes", "eq", "x"), None),
        (Test("notes", "ne", "x"), None),
        (Not(Test("notes", "eq", "x")), None),
        (Some([Test("notes", "eq", "x"), Test("total", "eq", 5)]), True),
        (All([Test("notes", "eq", "x"), Test("total", "eq", 6)]), False),
        (All([Test("notes", "eq", "x"), Test("total", "eq", 5)]), None),
        (Test("notes", "is_null", True), True),
        (Test("notes", "is_null", False), False),
        (Test("total", "is_null", True), False),
        (Test("total", "in", []), False),
        (Test("notes", "in", []), False),
        (Test("notes", "in", ["x"]), None),
    ],
)
async def test_null_makes_unknown_and_unknown_does_not_match(
    floor: Floor, condition: Condition, verdict: bool | None
) -> None:
    row = {**dict.fromkeys(VALUES), "total": 5}
    answers = await floor.reader().fetch(asked_of_rows(condition), rows=[row], **numbered(condition))
    assert answers[0][0] is verdict
    assert judge(condition, row) is verdict


async def test_text_is_compared_by_code_points_and_not_by_language(floor: Floor) -> None:
    rows = [{**dict.fromkeys(VALUES), "notes": text} for text in ("Z", "a", "é", "z", "🎉")]
    for condition in (Test("notes", "lt", "a"), Test("notes", "gt", "z"), Test("notes", "eq", "e\u0301")):
        answers = await floor.reader().fetch(asked_of_rows(condition), rows=rows, **numbered(condition))
        assert [answer[0] for answer in answers] == [judge(condition, row) for row in rows]


@pytest.mark.parametrize("operator", ["eq", "contains", "starts_with"])
async def test_what_looks_like_a_pattern_is_taken_by_the_letter(floor: Floor, operator: Operator) -> None:
    for text in ("a%b_c\\d", "%", "_", "\\", "' OR true --"):
        found = await matching(floor, Test("notes", operator, text))
        assert found == {r["id"] for r in planted(MINE)["orders"] if judge(Test("notes", operator, text), r) is True}


@pytest.mark.parametrize("operator", ["eq", "in", "contains", "starts_with"])
@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_characters_that_no_column_can_hold_are_a_bad_value(floor: Floor, operator: Operator, text: str) -> None:
    with pytest.raises(BadValue):
        await matching(floor, Test("notes", operator, [text] if operator == "in" else text))
