"""The reader of the fault run finds what is wrong, and nothing where nothing is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from db.ids import public_id
from tests.faults.diary import Diary, Faults, Told
from tests.faults.nouns import NOUNS, PAGE_KINDS, Image
from tests.faults.pages import Album, Past

ORDERS = NOUNS[0]
LOG = [Told(seq, "order.updated", "ord_1") for seq in (1, 2, 4, 5)]
BEGIN, NEXT = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
NEWEST, PENDING = PAGE_KINDS[0], PAGE_KINDS[1]


def read(*turns: Sequence[int], may_repeat: bool = False) -> tuple[Faults, int]:
    """The faults of a client that was told these numbers on its connections, and how many were repeated."""
    told = [[Told(seq, "order.updated", "ord_1") for seq in turn] for turn in turns]
    return Diary("acme", ORDERS, "", may_repeat, told).compare(LOG)


@pytest.mark.parametrize(
    ("turns", "faults"),
    [
        (((1, 2), (), (4, 5)), Faults()),
        (((4,), (5,)), Faults()),
        (((1, 2), (5,)), Faults(lost=1)),
        (((1, 2, 4),), Faults(lost=1)),
        (((1, 2, 2, 4, 5),), Faults(doubled=1)),
        (((1, 2), (2, 4, 5)), Faults(doubled=1)),
        (((1, 4, 2, 5),), Faults(misplaced=1)),
        (((1, 2, 3, 4, 5),), Faults(foreign=1)),
    ],
)
def test_each_fault_of_events_is_counted(turns: Sequence[Sequence[int]], faults: Faults) -> None:
    assert read(*turns) == (faults, 0)


@pytest.mark.parametrize(
    ("turns", "faults", "repeated"),
    [
        (((1, 2, 4), (2, 4, 5)), Faults(), 2),
        (((1, 2, 4), (2, 2, 4, 5)), Faults(doubled=1), 2),
        (((1, 2, 4), (4, 2, 5)), Faults(misplaced=1), 2),
        (((1, 2, 4), (1, 4, 5)), Faults(lost=1), 2),
        (((1, 4), (2, 4, 5)), Faults(misplaced=1, lost=1), 1),
    ],
)
def test_what_may_be_repeated_after_a_cut_is_still_in_order_and_whole(
    turns: Sequence[Sequence[int]], faults: Faults, repeated: int
) -> None:
    assert read(*turns, may_repeat=True) == (faults, repeated)


def order(number: str, status: str = "PENDING", at: datetime = BEGIN, notes: str = "") -> Image:
    times = {"created_at": BEGIN, "updated_at": at}
    return {"id": number * 32, "number": number, "status": status, "notes": notes, **times}


def node(number: str, status: str = "PENDING", notes: str = "") -> dict[str, Any]:  # Any: JSON
    return {"id": public_id("ord", number * 32), "number": number, "status": status, "notes": notes}


PAST = Past({"1" * 32: order("1"), "2" * 32: order("2")}, [(5, order("1", at=NEXT, notes="new"))])


def test_a_page_is_judged_by_the_log_at_its_number() -> None:
    before, after = [node("2"), node("1")], [node("1", notes="new"), node("2")]
    album = Album("acme", NEWEST)
    album.pages = [(4, album.look(before)), (5, album.look(after)), (9, album.look(after))]
    assert album.compare(*PAST.pages(NEWEST, {4, 5, 9})) == Faults()
    album.pages[0] = (5, album.pages[0][1])
    assert album.compare(*PAST.pages(NEWEST, {5, 9})) == Faults(differing=1)
    album.pages.pop()
    album.pages.reverse()
    assert album.compare(*PAST.pages(NEWEST, {5})) == Faults(differing=1, lost=1)


def test_a_row_that_stops_matching_is_in_the_page_no_more() -> None:
    past = Past(PAST.orders, [(5, order("2", "CONFIRMED", NEXT))])
    album = Album("acme", PENDING)
    pages, last = past.pages(PENDING, {4, 5})
    assert pages == {4: album.look([node("2"), node("1")]), 5: album.look([node("1")])}
    assert last == pages[5]
