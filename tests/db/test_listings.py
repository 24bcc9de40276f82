"""Walking a list by its cursors, in either direction and any order, yields exactly the list that SQL sorts."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.filters import All, Condition, Not, Some, Test
from db.listings import count_of, has_rows, page_of
from db.orders import LISTING
from db.pages import Page, PageRequest, SortKey
from tests.support.plant import MINE, NOON, ORDERS, Floor, planted
from tests.support.properties import bounded

FIELDS = ("created_at", "updated_at", "due_at", "total", "status", "number", "customer_id")
KEYS = st.builds(SortKey, st.sampled_from(FIELDS), st.booleans(), st.booleans())
ORDERINGS = st.lists(KEYS, min_size=1, max_size=3, unique_by=lambda key: key.column).map(tuple)
CONDITIONS: st.SearchStrategy[Condition | None] = st.sampled_from(
    [
        None,
        None,
        Test("due_at", "is_null", False),
        Test("total", "gt", 995),
        All([Test("status", "in", ["PENDING", "SHIPPED", "CANCELLED"]), Not(Test("notes", "contains", "Zoë"))]),
        Some([Test("due_at", "lt", NOON), Test("notes", "starts_with", "a")]),
        Test("total", "eq", -1),
    ]
)
SEARCHES = st.sampled_from([(), (), ("zoe",), ("sean", "ask"), ("nobody",)])
LISTS = st.builds(
    PageRequest,
    order=ORDERINGS,
    limit=st.integers(1, 50),
    where=CONDITIONS,
    words=SEARCHES,
    sources=st.sampled_from([frozenset({"text"}), frozenset({"text", "customer_name"})]),
)
Turn = Callable[[Page], PageRequest]


@dataclass(frozen=True, slots=True)
class Walk:
    """The pages of a walk and the ids on them in list order."""

    pages: list[Page]
    ids: list[str]


async def sorted_by_sql(floor: Floor, request: PageRequest) -> list[str]:
    """The whole list as ORDER BY sorts it, told in the plainest words."""
    every = replace(request, order=(SortKey("number"),), limit=ORDERS + 1)
    matching = [row["id"] for row in (await page_of(floor.reader(), LISTING, every, ("id",))).rows]
    first = request.order[0]
    by = ", ".join(
        f"{key.column} {'DESC' if key.descending else 'ASC'} NULLS {'LAST' if key.nulls_last else 'FIRST'}"
        for key in (*request.order, SortKey("id", first.descending))
    )
    rows = await floor.raw(f"SELECT id FROM orders WHERE id = ANY($1::uuid[]) ORDER BY {by}", matching)
    return [row["id"].hex for row in rows]


async def walk(floor: Floor, request: PageRequest, turn: Turn) -> Walk:
    pages: list[Page] = []
    while True:
        page = await page_of(floor.reader(), LISTING, request, ("id",))
        pages.append(page)
        if not page.rows or not page.more:
            break
        request = turn(page)
    ordered = pages[::-1] if request.backward else pages
    return Walk(pages, [row["id"] for page in ordered for row in page.rows])


def onward(page: Page) -> PageRequest:
    return replace(page.request, after=page.key_of(page.rows[-1]))


def back(page: Page) -> PageRequest:
    return replace(page.request, before=page.key_of(page.rows[0]))


async def ends(floor: Floor, page: Page) -> tuple[bool, bool]:
    """Whether rows stand before the page and after it."""
    before = await has_rows(floor.reader(), LISTING, page, ahead=False)
    return before, await has_rows(floor.reader(), LISTING, page, ahead=True)


@bounded(60)
@given(LISTS)
async def test_walking_forward_yields_each_row_once_in_order(floor: Floor, request: PageRequest) -> None:
    right = await sorted_by_sql(floor, request)
    walked = await walk(floor, request, onward)
    assert walked.ids == right
    start = 0
    for page in walked.pages:
        end = start + len(page.rows)
        assert await ends(floor, page) == (start > 0, end < len(right))
        start = end


@bounded(60)
@given(LISTS)
async def test_walking_backward_yields_each_row_once_in_order(floor: Floor, request: PageRequest) -> None:
    right = await sorted_by_sql(floor, request)
    walked = await walk(floor, replace(request, backward=True), back)
    assert walked.ids == right
    end = len(right)
    for page in walked.pages:
        start = end - len(page.rows)
        assert await ends(floor, page) == (start > 0, end < len(right))
        end = start


@bounded(40)
@given(LISTS, st.integers(0, ORDERS + 10))
async def test_an_offset_skips_rows_and_knows_what_lies_around(floor: Floor, request: PageRequest, offset: int) -> None:
    right = await sorted_by_sql(floor, request)
    page = await page_of(floor.reader(), LISTING, replace(request, offset=offset), ("id",))
    assert [row["id"] for row in page.rows] == right[offset : offset + request.limit]
    assert await ends(floor, page) == (offset > 0 and bool(right), offset + request.limit < len(right))


@bounded(40)
@given(LISTS, st.integers(0, ORDERS), st.integers(0, ORDERS), st.booleans())
async def test_a_page_between_two_cursors_keeps_to_both(
    floor: Floor, request: PageRequest, one: int, other: int, backward: bool
) -> None:
    right = await sorted_by_sql(floor, request)
    low, high = sorted((one % (len(right) or 1), other % (len(right) or 1)))
    whole = await page_of(floor.reader(), LISTING, replace(request, limit=ORDERS))
    if low == high:
        return
    between = replace(
        request, backward=backward, after=whole.key_of(whole.rows[low]), before=whole.key_of(whole.rows[high])
    )
    page = await page_of(floor.reader(), LISTING, between, ("id",))
    inside = right[low + 1 : high]
    assert [row["id"] for row in page.rows] == (inside[-request.limit :] if backward else inside[: request.limit])
    if page.rows:
        start = right.index(page.rows[0]["id"])
        assert await ends(floor, page) == (start > 0, start + len(page.rows) < len(right))
    else:
        assert await ends(floor, page) == (True, True)


@bounded(30)
@given(LISTS)
async def test_the_pages_past_both_ends_are_empty_and_know_it(floor: Floor, request: PageRequest) -> None:
    whole = await page_of(floor.reader(), LISTING, replace(request, limit=ORDERS))
    if not whole.rows:
        assert await ends(floor, whole) == (False, False)
        return
    past_the_end = replace(request, after=whole.key_of(whole.rows[-1]))
    past_the_beginning = replace(request, before=whole.key_of(whole.rows[0]), backward=True)
    for request_, right in ((past_the_end, (True, False)), (past_the_beginning, (False, True))):
        page = await page_of(floor.reader(), LISTING, request_)
        assert list(page.rows) == []
        assert await ends(floor, page) == right


@bounded(20)
@given(LISTS, st.booleans())
async def test_a_page_of_no_rows_still_says_whether_there_are_any(
    floor: Floor, request: PageRequest, backward: bool
) -> None:
    right = await sorted_by_sql(floor, request)
    page = await page_of(floor.reader(), LISTING, replace(request, limit=0, backward=backward))
    assert list(page.rows) == []
    assert await ends(floor, page) == ((bool(right), False) if backward else (False, bool(right)))


@bounded(30)
@given(LISTS)
async def test_the_count_is_that_of_the_whole_list(floor: Floor, request: PageRequest) -> None:
    right = await sorted_by_sql(floor, request)
    assert await count_of(floor.reader(), LISTING, replace(request, offset=7)) == (len(right), False)


async def test_only_the_columns_asked_for_come_with_those_that_cursors_need(floor: Floor) -> None:
    page = await page_of(floor.reader(), LISTING, PageRequest((SortKey("total"),), 1), ("notes",))
    assert set(page.rows[0].keys()) == {"id", "total", "notes"}
    whole = await page_of(floor.reader(), LISTING, PageRequest((SortKey("total"),), 1))
    assert set(whole.rows[0].keys()) == set(planted(MINE)["orders"][0]) - {"tenant_id"}


async def test_every_word_of_a_search_must_be_found(floor: Floor) -> None:
    both = PageRequest((SortKey("number"),), ORDERS, words=("zoe", "creme"), sources=frozenset({"text"}))
    found = await page_of(floor.reader(), LISTING, both)
    assert {row["notes"] for row in found.rows} == {"Crème brûlée für Zoë"}


async def test_a_nullable_column_that_is_no_time_cannot_be_sorted_by(floor: Floor) -> None:
    with pytest.raises(TypeError, match="nullable"):
        await page_of(floor.reader(), LISTING, PageRequest((SortKey("notes"),), 1))
