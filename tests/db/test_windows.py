"""A window and the judge of events: nothing that changes it is missed, and the steps to a later window lead there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.events import Event
from db.filters import Condition, Not, Some, Test, judge
from db.keyset import rank_of
from db.pages import PageRequest, SortKey, key_in
from db.windows import Change, Op, Touched, Window, touch
from tests.support.plant import NOON
from tests.support.properties import bounded

Row = dict[str, Any]  # Any: one value per column
IDS = [f"{n:032x}" for n in range(12)]
ROW = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["PENDING", "SHIPPED", "Éclair", "Zoë"]),
        "total": st.integers(0, 3),
        "notes": st.sampled_from([None, "", "é", "z"]),
        "due_at": st.sampled_from([None, NOON, NOON + timedelta(microseconds=1)]),
    }
)
TABLES = st.dictionaries(st.sampled_from(IDS), ROW, max_size=len(IDS))
ORDERS = st.lists(
    st.builds(SortKey, st.sampled_from(["status", "total", "due_at"]), st.booleans(), st.booleans()),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key.column,
).map(tuple)
CONDITIONS: st.SearchStrategy[Condition | None] = st.sampled_from(
    [
        None,
        Test("status", "in", ["PENDING", "Zoë"]),
        Not(Test("notes", "eq", "é")),
        Some([Test("total", "gt", 1), Test("due_at", "is_null", True)]),
    ]
)
REQUESTS = st.builds(PageRequest, order=ORDERS, limit=st.integers(0, 8), where=CONDITIONS)


def window_of(request: PageRequest, table: dict[str, Row]) -> Window:
    """The window as a list of the table would show it."""
    rows = [{"id": id_, **row} for id_, row in table.items()]
    held = [row for row in rows if request.where is None or judge(request.where, row) is True]
    keys = sorted((key_in(request.order, row) for row in held), key=lambda key: rank_of(request.order, key))
    return Window(request, keys[: request.limit])


def event_of(id_: str, before: Row | None, after: Row | None) -> Event:
    images = [None if row is None else {"id": id_, **row} for row in (before, after)]
    return Event(2, NOON, "order.updated", "order", id_, 2, *images)


def applied(ids: Sequence[str], changes: Sequence[Change]) -> list[str]:
    """What a client that follows the steps ends with."""
    held = list(ids)
    for change in changes:
        if change.op is Op.LEAVE:
            assert held.pop(change.index) == change.id
            continue
        assert (change.id in held) is (change.op is Op.MOVE)
        if change.op is Op.MOVE:
            held.remove(change.id)
        held.insert(change.index, change.id)
        assert held[change.index] == change.id
    return held


@bounded(600)
@given(REQUESTS, TABLES, st.sampled_from(IDS), st.none() | ROW)
async def test_what_an_event_makes_of_a_window_is_what_would_be_read(
    request_: PageRequest, table: dict[str, Row], id_: str, after: Row | None
) -> None:
    before = table.get(id_)
    if before is None and after is None:
        return
    changed = {**table, id_: after} if after is not None else {key: row for key, row in table.items() if key != id_}
    window, right = window_of(request_, table), window_of(request_, changed)
    judged = window.after(event_of(id_, before, after))
    if judged is not None:
        assert judged.keys == right.keys
    else:
        entered, full = right.places.keys() - window.places.keys(), len(window.keys) == request_.limit
        assert entered or (full and id_ in window.places), "what makes no room is no reason to read"


@bounded(400)
@given(REQUESTS, TABLES, TABLES)
async def test_the_steps_between_two_windows_lead_from_one_to_the_other(
    request_: PageRequest, table: dict[str, Row], changed: dict[str, Row]
) -> None:
    window, later = window_of(request_, table), window_of(request_, changed)
    changes = window.changes_to(later)
    assert applied(list(window.places), changes) == list(later.places)
    assert len({change.id for change in changes}) == len(changes)
    assert {c.id for c in changes if c.op is Op.LEAVE} == window.places.keys() - later.places.keys()
    assert {c.id for c in changes if c.op is Op.ENTER} == later.places.keys() - window.places.keys()


def lettered(letters: str, changed: str = "") -> Window:
    """Rows with keys of their own, but for the changed ones."""
    keys = [(f"{letter}{n if letter in changed else ''}", letter) for n, letter in enumerate(letters, start=1)]
    return Window(PageRequest((SortKey("status"),), 26), keys)


@pytest.mark.parametrize(
    ("now", "then", "changed", "steps"),
    [
        ("abcd", "abcd", "", []),
        ("abcd", "bcda", "a", ["MOVE a 3"]),
        ("abcd", "dabc", "d", ["MOVE d 0"]),
        ("ab", "ba", "a", ["MOVE a 1"]),
        ("ab", "ba", "b", ["MOVE b 0"]),
        ("abcd", "xabc", "", ["LEAVE d 3", "ENTER x 0"]),
        ("abcd", "dc", "c", ["LEAVE b 1", "LEAVE a 0", "MOVE c 1"]),
        ("", "ab", "", ["ENTER a 0", "ENTER b 1"]),
        ("ab", "", "", ["LEAVE b 1", "LEAVE a 0"]),
        ("abcdef", "badcfe", "bdf", ["MOVE b 0", "MOVE d 2", "MOVE f 4"]),
        ("abcd", "acbd", "bc", ["MOVE b 2"]),
        ("abcdef", "abcdef", "bce", []),
    ],
)
def test_the_steps_are_few_and_move_what_changed(now: str, then: str, changed: str, steps: list[str]) -> None:
    changes = lettered(now).changes_to(lettered(then, changed))
    assert [f"{change.op.value} {change.id} {change.index}" for change in changes] == steps


@bounded(200)
@given(st.permutations("abcdefgh"), st.permutations("abcdefgh"))
@example(list("abcdefgh"), list("hgfedcba"))
def test_any_order_is_reached_from_any_other(now: list[str], then: list[str]) -> None:
    assert applied(now, lettered("".join(now)).changes_to(lettered("".join(then), "abcdefgh"))) == then


def test_what_changed_twice_is_told_as_all_that_changed() -> None:
    row, id_ = {"status": "PENDING", "total": 1, "notes": None}, IDS[0]
    touched: dict[str, Touched] = {}
    touch(touched, event_of(id_, row, {**row, "total": 2}))
    touch(touched, event_of(id_, {**row, "total": 2}, {**row, "notes": "n"}))
    assert touched[id_].columns == {"total", "notes"}
    assert touched[id_].image["total"] == 1
    assert touched[id_].before == {"id": id_, **row}


def test_a_new_row_has_all_of_its_columns_changed_and_a_removed_one_is_not_told() -> None:
    touched: dict[str, Touched] = {}
    touch(touched, event_of(IDS[0], None, {"total": 2}))
    touch(touched, event_of(IDS[1], {"total": 2}, None))
    assert touched == {IDS[0]: Touched({"id", "total"}, {"id": IDS[0], "total": 2}, None)}
