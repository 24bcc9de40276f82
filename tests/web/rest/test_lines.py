"""Rows as lines: what is read back is what was written, and no cell is a formula."""

import csv
import io
import json

from graphql import FieldNode, OperationDefinitionNode, parse

from web.rest.lines import CsvLines, JsonLines, columns_of

ROW = {"id": "ord_1", "total": {"amount": "-12.50"}, "notes": 'says "no",\nand ✓'}
COLUMNS = ("id", "total.amount", "notes")


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


def test_each_row_is_an_object_a_line() -> None:
    lines = JsonLines()
    written = lines.head() + lines.rows([ROW, ROW]) + lines.last({"error": {}})
    assert [json.loads(line) for line in written.splitlines()] == [ROW, ROW, {"error": {}}]


def test_cells_are_quoted_and_what_is_null_or_below_null_is_empty() -> None:
    lines = CsvLines(COLUMNS)
    written = read(lines.head() + lines.rows([ROW, {"id": "ord_2", "total": None, "notes": None}]))
    assert written == [[*COLUMNS], ["ord_1", "-12.50", ROW["notes"]], ["ord_2", "", ""]]


def test_no_text_is_a_formula_to_a_spreadsheet_and_numbers_stay_numbers() -> None:
    nasty = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1")
    (written, *_) = read(CsvLines(("a",)).rows([{"a": nasty[0]}])), 0
    assert written == [["'=1+1"]]
    for text in nasty:
        ((cell,),) = read(CsvLines(("a",)).rows([{"a": text}]))
        assert cell.startswith("'")
    assert read(CsvLines(("a",)).rows([{"a": "-12.5"}, {"a": 7}])) == [["-12.5"], ["7"]]


def test_the_last_line_says_why_in_one_cell() -> None:
    ((cell,),) = read(CsvLines(COLUMNS).last({"error": {"code": "RATE_LIMITED"}}))
    assert json.loads(cell.removeprefix("#error ")) == {"error": {"code": "RATE_LIMITED"}}


def test_columns_are_the_leaves_of_the_rows() -> None:
    (operation,) = parse("{ orders { nodes { id total { amount } notes } pageInfo { endCursor } } }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    (root,) = operation.selection_set.selections
    assert isinstance(root, FieldNode)
    assert columns_of(root, "nodes") == COLUMNS
