"""Which columns a statement reads, asked for by name.

A time that is only printed can be asked for as text (``printed``): PostgreSQL writes it as RFC 3339, which costs a
fifth of making a date-time of it here and writing that.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, FromClause, func, literal_column

_PRINTED = "printed_"
_RFC_3339: ColumnClause[str] = literal_column('\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'')
"""In the session's zone, which is UTC on every connection of ours."""
_NO_FRACTION: ColumnClause[str] = literal_column("'.000000Z'")
_SHORT: ColumnClause[str] = literal_column("'Z'")
"""Microseconds are written only when there are any, as ``schema/scalars.py`` does."""


def printed(column: str) -> str:
    """The name to ask for, and to find in the row, when the time in ``column`` is wanted as text."""
    return _PRINTED + column


def unprinted(name: str) -> str | None:
    """The column that a name of ``printed`` stands for; None for any other name."""
    return name.removeprefix(_PRINTED) if name.startswith(_PRINTED) else None


def selected(
    table: FromClause, columns: Sequence[str] | None, always: Sequence[str] = ("id",)
) -> list[ColumnElement[Any]]:  # Any: columns of any type
    """The columns asked for and those that must come along, each once, in the table's order; the tenant's never."""
    if columns is None:
        return [column for column in table.c if column.name != "tenant_id"]
    wanted = {*columns, *always}
    chosen: list[ColumnElement[Any]] = [column for column in table.c if column.name in wanted]  # Any: as above
    chosen += [
        func.replace(func.to_char(column, _RFC_3339), _NO_FRACTION, _SHORT).label(printed(column.name))
        for column in table.c
        if printed(column.name) in wanted
    ]
    return chosen
