"""Columns of the rows that a row's keys lead to, read with it in one statement.

A name such as ``through("customer_id", "name")`` asks for the column of another table: of the row that the foreign key
leads to. One statement less saves more than what repeating a few small columns costs, so this is for rows that are
mostly each one's own, and for narrow ones.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, FromClause, Select, Table, bindparam, literal_column, select, true

from db.columns import selected, unprinted

_THROUGH = ">"


def through(key: str, column: str) -> str:
    """The name to ask for, and to find in the row: ``column`` of the row that ``key`` leads to."""
    return f"{key}{_THROUGH}{column}"


def reading(
    table: FromClause, columns: Sequence[str] | None, always: Sequence[str] = ("id",)
) -> Select[Any]:  # Any: a row of the columns
    """A row of the table's columns, as ``selected`` has them, and of those through its keys; all are null where a key
    leads nowhere.
    """
    own, keys = _divided(columns)
    source, chosen = table, selected(table, own, always)
    for key, names in keys.items():
        row = _row(table, key, names).lateral(f"{key}_row")
        source = source.outerjoin(row, true())
        chosen += [column.label(through(key, column.name)) for column in row.c]
    return select(*chosen).select_from(source)


def _row(table: FromClause, key: str, names: Sequence[str]) -> Select[Any]:  # Any: a row of the columns
    """The row that a key leads to. With a limit nothing but a look into its index for each key can find it: the planner
    would rather read all of a tenant that has a few thousand rows.
    """
    target = _target(table, key)
    here = target.c.tenant_id == bindparam("tenant"), target.c.id == table.c[key]
    return select(*selected(target, names, ())).where(*here).limit(literal_column("1")).correlate(table)


def joins(columns: Sequence[str] | None) -> bool:
    """Whether a column of another table is asked for."""
    return columns is not None and any(_THROUGH in name for name in columns)


def sources(table: Table, columns: Sequence[str], always: Sequence[str]) -> list[Column[Any]]:  # Any: of any type
    """The table's columns that ``reading`` needs of its rows."""
    own, keys = _divided(columns)
    needed = {unprinted(name) or name for name in (*(own or ()), *always, *keys)}
    return [column for column in table.c if column.name in needed]


def _divided(columns: Sequence[str] | None) -> tuple[list[str] | None, dict[str, list[str]]]:
    """The table's own names, and for each key the names that are asked for through it."""
    if columns is None:
        return None, {}
    own: list[str] = []
    keys: dict[str, list[str]] = {}
    for name in columns:
        key, mark, beyond = name.partition(_THROUGH)
        if mark:
            keys.setdefault(key, []).append(beyond)
        else:
            own.append(name)
    return own, keys


def _target(table: FromClause, key: str) -> FromClause:
    """The table that a key leads to. Raises ValueError for a column that is no foreign key."""
    (constraint,) = table.c[key].foreign_keys
    return constraint.column.table
