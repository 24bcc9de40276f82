"""Filters: the operators of each kind of field, and how a ``where`` becomes a condition.

A where-input's field names its column once (``filter_on``); nothing else is written per noun. Null for a whole filter
means "not given"; null for an operator is refused, since ``{eq: null}`` that silently matches everything is a trap:
``isNull`` asks for it by name.
"""

import enum
import math
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from db.filters import All, Condition, Not, Some, Test
from db.ids import BadId, hex_of
from resolvers.errors import InvalidInput
from schema.directives import requires
from schema.scalars import DecimalText

MAX_DEPTH = 5
MAX_TESTS = 50
MAX_VALUES = 100
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
COLUMN = "tidegate.column"
_PREFIX = "tidegate.prefix"


def operator(description: str | None = None) -> Any:  # Any: a field specifier
    """An operator that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def filter_on(column: str, *, prefix: str | None = None, gate: str | None = None) -> Any:  # Any: a field specifier
    """A filter on this column; ``prefix`` for ids; ``gate`` when the field it filters by has one."""
    return strawberry.field(
        default=strawberry.UNSET, directives=requires(gate), metadata={COLUMN: column, _PREFIX: prefix}
    )


@strawberry.input(description="How an id may be matched.")
class IDFilter:
    """Ids are compared for equality only."""

    eq: strawberry.ID | None = operator()
    in_: list[strawberry.ID] | None = strawberry.field(default=strawberry.UNSET, name="in")


@strawberry.input(
    description="How a text may be matched: by code points, upper and lower case are different (use search for words)."
)
class StringFilter:
    """Text is compared by code points."""

    eq: str | None = operator()
    ne: str | None = operator()
    in_: list[str] | None = strawberry.field(default=strawberry.UNSET, name="in")
    contains: str | None = operator()
    starts_with: str | None = operator()
    is_null: bool | None = operator()


@strawberry.input(description="How an amount may be matched.")
class DecimalFilter:
    """Amounts are compared exactly, whatever their currency."""

    eq: DecimalText | None = operator()
    in_: list[DecimalText] | None = strawberry.field(default=strawberry.UNSET, name="in")
    gt: DecimalText | None = operator()
    gte: DecimalText | None = operator()
    lt: DecimalText | None = operator()
    lte: DecimalText | None = operator()


@strawberry.input(description="How a moment may be matched.")
class DateTimeFilter:
    """Moments are compared exactly."""

    eq: datetime | None = operator()
    gt: datetime | None = operator()
    gte: datetime | None = operator()
    lt: datetime | None = operator()
    lte: datetime | None = operator()
    is_null: bool | None = operator()


def condition_of(where: Any) -> Condition | None:  # Any: a where-input of any noun
    """The condition that a where-input states, None when it states none. Raises InvalidInput past the caps or for
    a malformed value.
    """
    if where is None or where is strawberry.UNSET:
        return None
    condition = _condition(where, 1)
    if sum(1 for _ in _tests(condition)) > MAX_TESTS:
        raise InvalidInput(f"A filter holds at most {MAX_TESTS} tests.")
    return condition if not isinstance(condition, All) or condition.parts else None


def _condition(where: Any, depth: int) -> Condition:  # Any: a where-input
    if depth > MAX_DEPTH:
        raise InvalidInput(f"A filter is nested at most {MAX_DEPTH} deep.")
    parts: list[Condition] = []
    for spec in fields(where):
        given = getattr(where, spec.name)
        if given is None or given is strawberry.UNSET:
            continue
        match spec.name:
            case "and_":
                parts.extend(_condition(part, depth + 1) for part in given)
            case "or_":
                parts.append(Some([_condition(part, depth + 1) for part in given]))
            case "not_":
                parts.append(Not(_condition(given, depth + 1)))
            case _:
                parts.extend(_operators(spec.metadata[COLUMN], spec.metadata[_PREFIX], given))
    return parts[0] if len(parts) == 1 else All(parts)


def _operators(column: str, prefix: str | None, given: Any) -> Iterator[Condition]:  # Any: a filter-input of any kind
    for spec in fields(given):
        value = getattr(given, spec.name)
        if value is strawberry.UNSET:
            continue
        name = spec.name.rstrip("_")
        if value is None:
            raise InvalidInput(f"The operator {name} needs a value; ask for missing values with isNull.")
        if isinstance(value, list) and len(value) > MAX_VALUES:
            raise InvalidInput(f"A list of values holds at most {MAX_VALUES}.")
        yield _test(column, prefix, name, value)


def _test(column: str, prefix: str | None, name: str, value: Any) -> Condition:  # Any: of the column's type
    if prefix is not None:
        return Test(column, name, _ids(prefix, value))  # type: ignore[arg-type]  # operator names are the inputs' field names
    if isinstance(value, Decimal) or (isinstance(value, list) and value and isinstance(value[0], Decimal)):
        return _amount(column, name, value)
    plain = [_plain(item) for item in value] if isinstance(value, list) else _plain(value)
    return Test(column, name, plain)  # type: ignore[arg-type]  # as above


def _plain(value: Any) -> Any:  # Any: an enum's member, a text, or another value as it is
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str) and _NO_TEXT.search(value):
        raise InvalidInput("A text holds no NUL and no half of a surrogate pair.")
    return value


def _ids(prefix: str, value: str | list[str]) -> str | list[str]:
    try:
        return hex_of(value, prefix) if isinstance(value, str) else [hex_of(item, prefix) for item in value]
    except BadId as error:
        raise InvalidInput(str(error)) from error


def _amount(column: str, name: str, value: Decimal | list[Decimal]) -> Condition:
    """Whole hundredths, rounded so that a finer bound keeps its meaning: above 10.005 is from 10.01 on."""
    if isinstance(value, list):
        return Test(column, "in", [int(item) for item in value if item == int(item) and _fits(int(item))])
    bound = {"gt": math.floor, "lte": math.floor, "gte": math.ceil, "lt": math.ceil, "eq": math.floor}[name](value)
    if name == "eq" and bound != value:
        return Test(column, "in", [])
    if not _fits(bound):
        raise InvalidInput("The amount is out of range.")
    return Test(column, name, bound)  # type: ignore[arg-type]  # as above


def _fits(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _tests(condition: Condition) -> Iterator[Condition]:
    """The leaves: an empty part says nothing, and is SQL all the same."""
    match condition:
        case Test() | All([]) | Some([]):
            yield condition
        case All(parts) | Some(parts):
            for part in parts:
                yield from _tests(part)
        case Not(part):
            yield from _tests(part)
