"""Places in an order: keyset predicates, which say "the rows after this one" as something an index can answer, and
ranks, which sort keys in memory exactly as SQL sorts their rows.

In one direction the predicate is a row comparison. In mixed directions it is the usual OR form behind a redundant
bound on the first column: without that bound an index scan reads every row before the cursor (measured: 50,413
buffers against 53).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, literal_column, or_, tuple_
from sqlalchemy.types import DateTime

from db.pages import Key, SortKey

# How the driver spells PostgreSQL's infinities: the extremes, without a zone.
_INFINITY, _MINUS_INFINITY = datetime.max, datetime.min  # noqa: DTZ901

Term = tuple[ColumnElement[Any], bool]  # Any: a column of any type
"""A sort expression and whether it descends."""


def terms_of(table: Table, order: Sequence[SortKey]) -> list[Term]:
    """The sort expressions of an order, the row's id last and in the direction of the first, so that (tenant,
    first, id) is one index.
    """
    return [*((_expression(table, key), key.descending) for key in order), (table.c.id, order[0].descending)]


def _expression(table: Table, key: SortKey) -> ColumnElement[Any]:  # Any: a column of any type
    column = table.c[key.column]
    if not column.nullable:
        return column
    if not isinstance(column.type, DateTime):
        raise TypeError(f"{column} is nullable: only a time has a least and a greatest value to stand for null")
    # Must be the indexed expression to the letter. Both pass over null; coalesce would be no index condition under
    # row-level security, which holds it for leaky (measured: 50,543 buffers against 54).
    function, stand_in = ("least", "infinity") if _null_is_greatest(key) else ("greatest", "-infinity")
    return literal_column(f"{function}({table.name}.{column.name}, '{stand_in}'::timestamptz)", column.type)


def rank_of(order: Sequence[SortKey], key: Key) -> tuple[Any, ...]:  # Any: what compares like the key's values
    """What stands for a key in Python's comparisons: ``rank_of(order, a) < rank_of(order, b)`` if and only if the row
    of ``a`` comes before that of ``b`` in the list. Text is compared by code points, as collation "C" does; ids by
    their digits.
    """
    ranks = [_Place(value, sort.descending, _null_is_greatest(sort)) for sort, value in zip(order, key, strict=False)]
    return (*ranks, _Place(key[-1], order[0].descending, null_is_greatest=True))


@dataclass(slots=True)
class _Place:
    """One value of a key, in its field's direction."""

    value: Any  # Any: of the column's type
    descending: bool
    null_is_greatest: bool

    def __lt__(self, other: "_Place") -> bool:
        first, second = (other.value, self.value) if self.descending else (self.value, other.value)
        if first is None or second is None:
            return first is not second and (second if self.null_is_greatest else first) is None
        return bool(first < second)


def _null_is_greatest(key: SortKey) -> bool:
    return key.nulls_last is not key.descending


def bound_values(order: Sequence[SortKey], key: Key) -> list[object]:
    """A key's values as the predicate compares them: null becomes the infinity that stands for it (the driver's
    spelling: naive extremes).
    """
    stand_ins = [_INFINITY if _null_is_greatest(sort) else _MINUS_INFINITY for sort in order]
    return [*(stand_in if value is None else value for value, stand_in in zip(key, stand_ins, strict=False)), key[-1]]


def beyond(
    terms: Sequence[Term], names: Sequence[str], *, reverse: bool, inclusive: bool = False
) -> ColumnElement[bool]:
    """The rows past the key whose values are the parameters ``names``, in list order or (``reverse``) against it."""
    values = [bindparam(name, type_=expression.type) for name, (expression, _) in zip(names, terms, strict=True)]
    down = [descending is not reverse for _, descending in terms]
    columns = [expression for expression, _ in terms]
    if len(set(down)) == 1:
        left, right = tuple_(*columns), tuple_(*values)
        if inclusive:
            return left <= right if down[0] else left >= right
        return left < right if down[0] else left > right
    bound = columns[0] <= values[0] if down[0] else columns[0] >= values[0]
    return and_(bound, _nested(columns, values, down, inclusive))


def _nested(
    columns: Sequence[ColumnElement[Any]],  # Any: columns of any type
    values: Sequence[ColumnElement[Any]],
    down: Sequence[bool],
    inclusive: bool,
) -> ColumnElement[bool]:
    head = columns[0] < values[0] if down[0] else columns[0] > values[0]
    if len(columns) == 1:
        return or_(head, columns[0] == values[0]) if inclusive else head
    return or_(head, and_(columns[0] == values[0], _nested(columns[1:], values[1:], down[1:], inclusive)))
