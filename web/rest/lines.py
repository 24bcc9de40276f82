"""Rows as lines: NDJSON, or CSV (RFC 4180) for spreadsheets. Without I/O."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Protocol

import orjson
from graphql import FieldNode

Row = Mapping[str, Any]  # Any: JSON
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet would calculate (OWASP, CSV injection)."""


class Lines(Protocol):
    """How rows are written. ``last`` is the line that says why they are not all of them."""

    content_type: str
    extension: str

    def head(self) -> bytes: ...
    def rows(self, rows: Sequence[Row]) -> bytes: ...
    def last(self, told: Row) -> bytes: ...


class JsonLines:
    """A JSON object a line; the last one has ``error`` and ``meta``, which no row has."""

    content_type, extension = "application/x-ndjson", "ndjson"

    def head(self) -> bytes:
        return b""

    def rows(self, rows: Sequence[Row]) -> bytes:
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def last(self, told: Row) -> bytes:
        return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


class CsvLines:
    """Columns by their paths (``total.amount``); the last line is one cell, ``#error`` and the same JSON."""

    content_type, extension = "text/csv", "csv"

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        return _written([self._columns])

    def rows(self, rows: Sequence[Row]) -> bytes:
        return _written([[_cell(_at(row, column)) for column in self._columns] for row in rows])

    def last(self, told: Row) -> bytes:
        return _written([[f"#error {orjson.dumps(told).decode()}"]])


def columns_of(root: FieldNode, rows: str) -> tuple[str, ...]:
    """Every leaf that a list's document selects of its ``rows``, by its path."""
    return tuple(path.removeprefix(f"{rows}.") for path in _leaves(root) if path.startswith(f"{rows}."))


def _leaves(field: FieldNode) -> Iterator[str]:
    for node in field.selection_set.selections if field.selection_set is not None else ():
        if not isinstance(node, FieldNode):
            raise TypeError("a route that exports selects fields, and no fragments")
        if node.selection_set is None:
            yield node.name.value
        else:
            yield from (f"{node.name.value}.{inner}" for inner in _leaves(node))


def _at(row: Any, column: str) -> object:  # Any: JSON
    for name in column.split("."):
        row = None if row is None else row[name]
    return row


def _cell(value: object) -> str:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return "" if value is None else str(value)


def _is_number(text: str) -> bool:
    return text[:1] in "+-" and text[1:].replace(".", "", 1).isdigit() and text.isascii()


def _written(lines: Sequence[Sequence[str]]) -> bytes:
    written = StringIO()
    csv.writer(written).writerows(lines)
    return written.getvalue().encode()
