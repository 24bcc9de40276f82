"""How a row of any noun changes: what a patch changes, what a stale reader is told, what is logged."""

from typing import cast

import pytest

from db.tenancy import Row
from resolvers.changes import Patch, held, refuse, text_faults
from resolvers.errors import Conflict, Invalid, NotFound, Problems

ROW = cast(Row, {"id": "0" * 32, "name": "was", "city": None, "version": 3})


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({}, {}),
        ({"name": "was"}, {}),
        ({"name": "is", "city": None}, {"name": "is"}),
        ({"name": None, "city": "Łódź"}, {"name": None, "city": "Łódź"}),
    ],
)
def test_a_patch_keeps_what_changes_something(given: dict[str, str | None], changes: dict[str, str | None]) -> None:
    assert Patch("0" * 32, None, given).beside(ROW) == changes


@pytest.mark.parametrize("version", [None, 3])
def test_a_row_as_the_caller_read_it_is_held(version: int | None) -> None:
    assert held(ROW, "customer", version) is ROW


def test_a_row_that_is_not_there_and_one_that_moved_on_are_told_apart() -> None:
    with pytest.raises(NotFound) as missing:
        held(None, "customer", 3)
    with pytest.raises(Conflict) as stale:
        held(ROW, "customer", 2)
    assert (missing.value.message, missing.value.field) == ("There is no such customer.", ["id"])
    assert (stale.value.message, stale.value.field) == ("The customer is at version 3, not 2.", ["expectedVersion"])
    assert stale.value.current is ROW


@pytest.mark.parametrize(
    ("columns", "faults"),
    [
        ({}, []),
        ({"name": "a", "city": "bcd"}, []),
        ({"name": "", "city": " \t\n"}, [("REQUIRED", "name"), ("REQUIRED", "city")]),
        ({"name": None}, [("REQUIRED", "name")]),
        ({"name": "abc", "city": "abcd"}, [("TOO_LONG", "name"), ("TOO_LONG", "city")]),
        ({"notes": ""}, []),
    ],
)
def test_texts_are_required_and_bounded(columns: dict[str, str | None], faults: list[tuple[str, str]]) -> None:
    found = text_faults(columns, {"name": 2, "city": 3})
    assert [(fault.code, *fault.field) for fault in found] == faults


def test_problems_are_raised_together_and_none_is_no_problem() -> None:
    refuse([])
    with pytest.raises(Problems) as caught:
        refuse([Invalid("a", "x"), Invalid("b", "y")])
    assert [problem.field for problem in caught.value.problems] == [["x"], ["y"]]
