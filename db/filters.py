"""Conditions on a row: one tree with two meanings that are proven equal, SQL's and the judge's.

A condition is split into its *shape* (hashable, decides the SQL text, so statements are compiled once a shape) and
its *values*. ``judge`` decides the same question in memory for rows that come out of the event log. Both follow SQL's
three-valued logic: a comparison with null is unknown (None), and an unknown row does not match. Text is compared by
code points (collation "C").
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Literal

from sqlalchemy import ARRAY, ColumnElement, Table, and_, any_, bindparam, false, func, not_, or_, true

from db.search import after_prefix

Operator = Literal["eq", "ne", "in", "lt", "lte", "gt", "gte", "contains", "starts_with", "is_null"]
Shape = tuple[Any, ...]  # Any: nested shapes of any depth


@dataclass(frozen=True, slots=True)
class Test:
    """One column against one value (``in``: a list; ``is_null``: a bool)."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    column: str
    operator: Operator
    value: Any  # Any: of the column's type


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; true when empty."""

    parts: Sequence["Condition"]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds; false when empty."""

    parts: Sequence["Condition"]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; unknown stays unknown."""

    part: "Condition"


Condition = Test | All | Some | Not


def shape_of(condition: Condition) -> Shape:
    """What decides the SQL text: the tree without its values."""
    match condition:
        case Test(column, "is_null", value):
            return ("is_null" if value else "not_null", column)
        case Test(column, operator):
            return (operator, column)
        case All(parts) | Some(parts):
            return ("all" if isinstance(condition, All) else "some", *map(shape_of, parts))
        case Not(part):
            return ("not", shape_of(part))


def values_of(condition: Condition) -> Iterator[object]:
    """The values in the order in which ``clause`` names its parameters."""
    match condition:
        case Test(_, "is_null"):
            return
        case Test(_, "starts_with", value):
            yield from (value, after_prefix(value))
        case Test(_, _, value):
            yield value
        case All(parts) | Some(parts):
            for part in parts:
                yield from values_of(part)
        case Not(part):
            yield from values_of(part)


def clause(table: Table, shape: Shape, names: Iterator[str]) -> ColumnElement[bool]:
    """The SQL of a shape; each value's parameter takes the next of ``names``."""
    kind, *rest = shape
    if kind in ("all", "some"):
        parts = [clause(table, part, names) for part in rest]
        return and_(true(), *parts) if kind == "all" else or_(false(), *parts)
    if kind == "not":
        return not_(clause(table, rest[0], names))
    return _test(table.c[rest[0]], kind, names)


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {  # Any: two columns, or two values
    "eq": eq,
    "ne": ne,
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
}
"""Python's operators serve both meanings: on columns they build SQL, on values they judge."""


def _test(column: ColumnElement[Any], kind: str, names: Iterator[str]) -> ColumnElement[bool]:  # Any: of any type
    if kind in ("is_null", "not_null"):
        return column.is_(None) if kind == "is_null" else column.is_not(None)
    if kind == "in":
        return column == any_(bindparam(next(names), type_=ARRAY(column.type)))
    value = bindparam(next(names), type_=column.type)
    if kind == "contains":
        return func.strpos(column, value) > 0
    if kind == "starts_with":
        return and_(column >= value, column < bindparam(next(names), type_=column.type))
    compared: ColumnElement[bool] = _COMPARE[kind](column, value)
    return compared


def judge(condition: Condition, row: Mapping[str, Any]) -> bool | None:  # Any: one value per column
    """Whether the row matches; None is SQL's unknown."""
    match condition:
        case Test(column, operator, value):
            return _judge_test(row[column], operator, value)
        case All(parts):
            return _all([judge(part, row) for part in parts])
        case Some(parts):
            negated = _all([None if (v := judge(part, row)) is None else not v for part in parts])
            return None if negated is None else not negated
        case Not(part):
            verdict = judge(part, row)
            return None if verdict is None else not verdict


def _all(verdicts: list[bool | None]) -> bool | None:
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _judge_test(held: Any, operator: str, value: Any) -> bool | None:  # Any: of the column's type
    if operator == "is_null":
        return (held is None) is bool(value)
    if operator == "in" and not value:
        return False  # as in SQL: in nothing is nothing, not even null
    if held is None:
        return None
    if operator == "in":
        return held in value
    if operator == "contains":
        return value in held
    if operator == "starts_with":
        return bool(value <= held < after_prefix(value))
    return bool(_COMPARE[operator](held, value))
