"""Live pages: what is told leads from the page that was read to the page that would be read, at every position."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.filters import All, Condition, Not, Some, Test
from db.hub import Hub
from db.listings import page_of
from db.orders import LISTING
from db.pages import PageRequest, SortKey
from db.scopes import EVERY_ROW, RowScope, scope_of
from resolvers import live_pages
from tests.support.database import Server
from tests.support.followers import another_process, hub_on
from tests.support.live_pages import LiveRows, live_rows
from tests.support.plant import ACTOR, MINE, NOON, OTHER, Floor, open_floor
from tests.support.properties import bounded
from tests.support.shelf import Columns, Shelf
from tests.support.waiting import until

STATUSES = ("PENDING", "CONFIRMED", "SHIPPED")
CHANGES: st.SearchStrategy[Columns] = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "total": st.integers(0, 4),
        "notes": st.sampled_from([None, "", "é", "e\u0301", "Zoë", "z"]),
        "due_at": st.sampled_from([None, NOON, NOON + timedelta(microseconds=1)]),
        "assigned_to": st.sampled_from([None, ACTOR.user_id, OTHER]),
        "created_by": st.sampled_from([None, ACTOR.user_id]),
    },
)
SCOPES = st.sampled_from([EVERY_ROW, *(scope_of([reach], str(ACTOR.user_id)) for reach in ("OWN", "ASSIGNED"))])
WRITES: st.SearchStrategy[tuple[str, int, Columns]] = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 9), CHANGES),
    st.tuples(st.just("change"), st.integers(0, 9), CHANGES),
    st.tuples(st.just("change"), st.integers(0, 9), CHANGES),
    st.tuples(st.just("remove"), st.integers(0, 9), st.just({})),
)
TRANSACTIONS = st.lists(st.tuples(st.lists(WRITES, min_size=1, max_size=3), st.booleans()), max_size=8)
ORDERS = st.lists(
    st.builds(
        SortKey, st.sampled_from(["status", "total", "due_at", "updated_at", "number"]), st.booleans(), st.booleans()
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key.column,
).map(tuple)
CONDITIONS: st.SearchStrategy[Condition | None] = st.sampled_from(
    [
        None,
        Test("status", "in", ["PENDING", "SHIPPED"]),
        Not(Test("notes", "eq", "é")),
        All([Test("total", "gte", 1), Not(Test("status", "eq", "SHIPPED"))]),
        Some([Test("due_at", "is_null", True), Test("notes", "contains", "e")]),
    ]
)
REQUESTS = st.builds(PageRequest, order=ORDERS, limit=st.integers(0, 6), where=CONDITIONS)
BY_TOTAL = PageRequest((SortKey("total"),), 3)


@pytest.fixture(scope="module")
async def floor(server: Server) -> AsyncIterator[Floor]:
    async with open_floor(await server.create(uuid4().hex), MINE) as floor:
        yield floor


@pytest.fixture(scope="module")
async def hub(floor: Floor) -> AsyncIterator[Hub]:
    async with hub_on(floor.database) as hub:
        yield hub


@pytest.fixture
async def shelf(floor: Floor) -> Shelf:
    shelf = Shelf(floor)
    await shelf.clear()
    return shelf


def ops(live: LiveRows) -> list[list[str]]:
    return [[change.op.value for change in frame] for frame in live.frames]


async def is_the_page(live: LiveRows, floor: Floor, hub: Hub) -> bool:
    await live.caught_up(floor, hub)
    page = await page_of(floor.reader(scope=live.scope), LISTING, live.request)
    return live.rows == list(map(dict, page.rows))


@bounded(60)
@given(st.lists(st.tuples(REQUESTS, SCOPES), min_size=1, max_size=4), st.lists(WRITES, max_size=8), TRANSACTIONS)
async def test_a_page_and_its_changes_are_the_page_at_every_cursor(
    floor: Floor,
    hub: Hub,
    requests: list[tuple[PageRequest, RowScope]],
    before: list[tuple[str, int, Columns]],
    transactions: list[tuple[list[tuple[str, int, Columns]], bool]],
) -> None:
    shelf = Shelf(floor)
    await shelf.clear()
    await shelf.write(*before)
    async with AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(live_rows(floor, hub, *each)) for each in requests]
        for writes, waits in transactions:
            await shelf.write(*writes)
            if waits:
                for live in lives:
                    assert await is_the_page(live, floor, hub)
        for live in lives:
            assert await is_the_page(live, floor, hub)


async def test_writers_at_once_disturb_no_window(floor: Floor, hub: Hub, shelf: Shelf) -> None:
    """Each window is compared with the page as of each position that it is told, while others write."""
    await shelf.write(*(("create", number, {"total": number % 3}) for number in range(10)))
    requests = [
        PageRequest((SortKey("updated_at", descending=True),), 4),
        PageRequest((SortKey("total"), SortKey("due_at", nulls_last=False)), 3, where=Test("status", "eq", "PENDING")),
        PageRequest((SortKey("status"),), 20),
    ]

    async def writes(first: int) -> None:
        for turn in range(25):
            change = {"status": STATUSES[(turn + first) % 3], "total": (turn * 7 + first) % 5}
            await shelf.write(("change", (turn + first) % 10, change))

    async with AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(live_rows(floor, hub, request)) for request in requests]
        newcomers = asyncio.gather(*(live.begun() for live in lives for _ in range(3)))
        await asyncio.gather(writes(0), writes(3), writes(7), newcomers)
        for live in lives:
            assert await is_the_page(live, floor, hub)
            assert live.frames


async def test_an_order_that_stops_matching_leaves_once_without_its_new_values(
    floor: Floor, hub: Hub, shelf: Shelf
) -> None:
    await shelf.write(("create", 0, {}), ("create", 1, {}))
    request = PageRequest((SortKey("number"),), 5, where=Test("status", "eq", "PENDING"))
    async with live_rows(floor, hub, request) as live:
        await shelf.write(("change", 0, {"status": "SHIPPED"}))
        assert await live.caught_up(floor, hub) == [shelf.ids[1]]
        await shelf.write(("change", 0, {"notes": "out of sight"}))
        await live.caught_up(floor, hub)
    assert ops(live) == [["LEAVE"]]
    assert (live.frames[0][0].row, live.frames[0][0].image) == (None, None)


async def test_an_order_that_leaves_the_scope_leaves_once_without_its_new_values(
    floor: Floor, hub: Hub, shelf: Shelf
) -> None:
    me = str(ACTOR.user_id)
    await shelf.write(("create", 0, {"assigned_to": me}), ("create", 1, {"assigned_to": me}))
    request = PageRequest((SortKey("number"),), 5)
    async with live_rows(floor, hub, request, scope_of(["ASSIGNED"], me)) as live:
        await shelf.write(("change", 0, {"assigned_to": OTHER, "notes": "theirs"}))
        assert await live.caught_up(floor, hub) == [shelf.ids[1]]
        await shelf.write(("change", 0, {"notes": "out of sight"}))
        await live.caught_up(floor, hub)
    assert ops(live) == [["LEAVE"]]
    assert (live.frames[0][0].row, live.frames[0][0].image) == (None, None)


async def test_who_falls_out_makes_room_for_the_next(floor: Floor, hub: Hub, shelf: Shelf) -> None:
    await shelf.write(*(("create", number, {"total": number}) for number in range(5)))
    async with live_rows(floor, hub, BY_TOTAL) as live:
        await shelf.write(("change", 0, {"total": 9}))
        assert await live.caught_up(floor, hub) == [shelf.ids[n] for n in (1, 2, 3)]
        await shelf.write(("change", 1, {"notes": "n"}), ("change", 4, {"total": 0}))
        assert await live.caught_up(floor, hub) == [shelf.ids[n] for n in (4, 1, 2)]
    assert ops(live) == [["LEAVE", "ENTER"], ["LEAVE", "ENTER", "UPDATE"]]


async def test_what_cannot_change_the_window_costs_no_statement(floor: Floor, hub: Hub, shelf: Shelf) -> None:
    await shelf.write(*(("create", number, {"total": number % 5}) for number in range(5)))
    async with live_rows(floor, hub, BY_TOTAL) as live:
        seen: list[str] = []
        floor.database.observer = seen.append
        try:
            await shelf.write(("change", 4, {"notes": "outside"}), ("change", 3, {"total": 4}))
            await shelf.write(("change", 0, {"notes": "inside, in place"}))
            await live.caught_up(floor, hub)
        finally:
            floor.database.observer = None
    assert ops(live) == [["UPDATE"]]
    assert not [sql for sql in seen if "FROM orders" in sql and "FOR UPDATE" not in sql]


async def test_newcomers_at_once_share_one_page(floor: Floor, hub: Hub, shelf: Shelf) -> None:
    await shelf.write(("create", 0, {}))
    async with live_rows(floor, hub, BY_TOTAL) as live:
        await asyncio.gather(*(live.begun() for _ in range(50)))
        assert live.pages <= 3
        await shelf.write(("create", 1, {}))
        assert len(await live.caught_up(floor, hub)) == 2


async def test_what_could_not_be_read_through_is_told_again_from_another_snapshot(
    floor: Floor, hub: Hub, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "AGAIN_SECONDS", 0.01)
    await shelf.write(("create", 0, {}))
    async with live_rows(floor, hub, BY_TOTAL) as live:
        live.lose = 3
        await shelf.write(("create", 1, {}))
        assert len(await live.caught_up(floor, hub)) == 2
        live.lose = 2
        await live.begun()
        assert live.lose == 0
        await shelf.write(("create", 2, {}))
        assert await is_the_page(live, floor, hub)
    assert ops(live) == [["ENTER"], ["ENTER"]]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_window_too_far_behind_or_past_the_log_begins_anew_for_everybody(
    floor: Floor, hub: Hub, shelf: Shelf, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "FAR", 100 if lost else 3)
    await shelf.write(("create", 0, {}))
    async with live_rows(floor, hub, BY_TOTAL) as live, another_process(floor) as elsewhere:
        away = Shelf(replace(floor, database=elsewhere))
        await away.write(*(("create", number, {"total": number % 5}) for number in range(10, 19)))
        if lost:
            await floor.raw("DELETE FROM event_log")
        await live.begun()
        assert (live.pages, live.frames) == (3, [])
        assert await is_the_page(live, floor, hub)
        await shelf.write(("change", 0, {"total": 4}))
        assert await is_the_page(live, floor, hub)
    assert ops(live) == [["LEAVE", "ENTER"]]


async def test_leaving_gives_everything_back(floor: Floor, hub: Hub, shelf: Shelf) -> None:
    await shelf.write(("create", 0, {}))
    async with live_rows(floor, hub, BY_TOTAL) as live:
        await until(lambda: hub.followers == 1)
        await shelf.write(("create", 1, {}))
        await live.caught_up(floor, hub)
    assert hub.followers == 0
    assert floor.database.pool.in_use == 0
