"""Filters: what a where-input states, its caps, and amounts that are finer than the column."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strawberry import ID, UNSET

from db.filters import All, Not, Some, Test, judge
from resolvers.errors import InvalidInput
from schema.filters import (
    MAX_DEPTH,
    MAX_TESTS,
    MAX_VALUES,
    DateTimeFilter,
    DecimalFilter,
    IDFilter,
    StringFilter,
    condition_of,
)
from schema.orders import OrderStatus, OrderStatusFilter, OrderWhere

HEX = "0" * 32
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def amount_where(operator: str, value: Any) -> OrderWhere:  # Any: hundredths, perhaps fractional, as read_decimal gives
    return OrderWhere(total=DecimalFilter(**{operator: value}))


def number(value: str) -> OrderWhere:
    return OrderWhere(number=StringFilter(eq=value))


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        (None, None),
        (UNSET, None),
        (OrderWhere(), None),
        (OrderWhere(notes=None), None),
        (OrderWhere(notes=StringFilter()), None),
        (number("a"), Test("number", "eq", "a")),
        (OrderWhere(and_=[number("a"), number("b")]), All([Test("number", "eq", "a"), Test("number", "eq", "b")])),
        (OrderWhere(or_=[number("a")]), Some([Test("number", "eq", "a")])),
        (OrderWhere(or_=[]), Some([])),
        (OrderWhere(not_=number("a")), Not(Test("number", "eq", "a"))),
        (OrderWhere(id=IDFilter(in_=[ID(f"ord_{HEX}")])), Test("id", "in", [HEX])),
        (OrderWhere(customer_id=IDFilter(eq=ID(f"cus_{HEX}"))), Test("customer_id", "eq", HEX)),
        (OrderWhere(status=OrderStatusFilter(in_=[OrderStatus.SHIPPED])), Test("status", "in", ["SHIPPED"])),
        (OrderWhere(notes=StringFilter(is_null=True)), Test("notes", "is_null", True)),
        (OrderWhere(notes=StringFilter(is_null=False)), Test("notes", "is_null", False)),
        (OrderWhere(due_at=DateTimeFilter(gt=YEAR)), Test("due_at", "gt", YEAR)),
    ],
)
def test_a_where_states_a_condition(
    where: Any, condition: Any
) -> None:  # Any: what a where-input and a condition may be
    assert condition_of(where) == condition


def test_several_fields_and_operators_must_all_hold() -> None:
    where = OrderWhere(number=StringFilter(starts_with="a", ne="ab"), notes=StringFilter(contains="x"))
    assert condition_of(where) == All(
        [Test("number", "ne", "ab"), Test("number", "starts_with", "a"), Test("notes", "contains", "x")]
    )


@pytest.mark.parametrize(
    "where",
    [
        OrderWhere(notes=StringFilter(eq=None)),
        OrderWhere(notes=StringFilter(is_null=None)),
        OrderWhere(total=DecimalFilter(gt=None)),
        OrderWhere(id=IDFilter(in_=None)),
        OrderWhere(id=IDFilter(eq=ID("cus_" + HEX))),
        OrderWhere(id=IDFilter(eq=ID("ord_" + "G" * 32))),
        OrderWhere(id=IDFilter(in_=[ID("ord_" + HEX), ID("")])),
    ],
)
def test_a_null_operator_and_a_malformed_id_are_refused(where: OrderWhere) -> None:
    with pytest.raises(InvalidInput):
        condition_of(where)


def test_a_filter_is_nested_so_deep_and_no_deeper() -> None:
    where = number("a")
    for _ in range(MAX_DEPTH - 1):
        where = OrderWhere(not_=where)
    condition_of(where)
    with pytest.raises(InvalidInput, match="nested"):
        condition_of(OrderWhere(not_=where))


def test_a_filter_holds_so_many_tests_and_no_more() -> None:
    condition_of(OrderWhere(or_=[number("a")] * MAX_TESTS))
    with pytest.raises(InvalidInput, match="at most"):
        condition_of(OrderWhere(or_=[number("a")] * (MAX_TESTS + 1)))


@pytest.mark.parametrize(
    "empty", [OrderWhere(), OrderWhere(or_=[]), OrderWhere(and_=[]), OrderWhere(notes=StringFilter())]
)
def test_empty_parts_count_as_tests(empty: OrderWhere) -> None:
    condition_of(OrderWhere(or_=[empty] * MAX_TESTS))
    with pytest.raises(InvalidInput, match="at most"):
        condition_of(OrderWhere(or_=[empty] * (MAX_TESTS + 1)))


def test_a_list_of_values_holds_so_many_and_no_more() -> None:
    condition_of(OrderWhere(number=StringFilter(in_=["a"] * MAX_VALUES)))
    with pytest.raises(InvalidInput, match="at most"):
        condition_of(OrderWhere(number=StringFilter(in_=["a"] * (MAX_VALUES + 1))))


COMPARE = {
    "eq": Decimal.__eq__,
    "gt": Decimal.__gt__,
    "gte": Decimal.__ge__,
    "lt": Decimal.__lt__,
    "lte": Decimal.__le__,
}
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-500, max_value=500, places=3)


@given(st.integers(-60_000, 60_000), AMOUNTS, st.sampled_from(sorted(COMPARE)))
def test_an_amount_is_compared_as_exactly_as_decimals_are(held: int, amount: Decimal, operator: str) -> None:
    condition = condition_of(amount_where(operator, amount * 100))
    assert condition is not None
    assert judge(condition, {"total": held}) is COMPARE[operator](Decimal(held) / 100, amount)


@given(st.integers(-300, 300), st.lists(st.decimals(-3, 3, places=3), min_size=1, max_size=9))
def test_an_amount_is_among_others_when_it_equals_one_exactly(held: int, amounts: list[Decimal]) -> None:
    condition = condition_of(amount_where("in_", [amount * 100 for amount in amounts]))
    assert condition is not None
    assert judge(condition, {"total": held}) is (Decimal(held) / 100 in amounts)


@pytest.mark.parametrize("operator", ["eq", "gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("amount", ["9999999999999999999", "-9999999999999999999"])
def test_an_amount_that_no_column_holds_is_refused(operator: str, amount: str) -> None:
    with pytest.raises(InvalidInput, match="out of range"):
        condition_of(amount_where(operator, Decimal(amount) * 100))


def test_an_amount_among_those_that_no_column_holds_matches_nothing() -> None:
    condition = condition_of(amount_where("in_", [Decimal(10) ** 21]))
    assert condition == Test("total", "in", [])
