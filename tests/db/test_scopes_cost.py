"""What a scope costs on a tenant of 100,000 orders, in shared buffers, as the runtime role: what the caller's own rows
cost, however many others there are.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from db.listings import count_of, page_of
from db.orders import LISTING, orders_by_id
from db.overview import order_sums
from db.pages import PageRequest, SortKey
from db.scopes import EVERY_ROW, scope_of
from tests.support.bulk import FEW, MANY, MUCH, PAGE
from tests.support.explaining import Bench, indexes_in

Holding = Callable[[str], Bench]


@pytest.fixture(params=["OWN", "ASSIGNED"])
def holding(request: pytest.FixtureRequest, bench: Bench) -> Iterator[Holding]:
    """Lets the bench's reader be somebody whose scope is narrower than the tenant."""

    def hold(who: str) -> Bench:
        bench.reader.scope = scope_of([request.param], who)
        return bench

    yield hold
    bench.reader.scope = EVERY_ROW


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("who", [MANY, FEW], ids=["many", "few"])
async def test_within_a_scope_a_deep_page_costs_what_the_first_costs(holding: Holding, who: str, generic: bool) -> None:
    bench, order = holding(who), (SortKey("created_at", descending=True),)
    first = await page_of(bench.reader, LISTING, PageRequest(order, PAGE))
    assert await bench.buffers(generic=generic) < MUCH
    if who == MANY:
        there = await page_of(bench.reader, LISTING, PageRequest(order, 1, offset=1_000), ("id",))
        bench.reader.asked.clear()
        deep = await page_of(bench.reader, LISTING, PageRequest(order, PAGE, after=there.key_of(there.rows[0])))
        asked = bench.reader.asked[:]
        assert await bench.buffers(generic=generic) < MUCH
        assert len(deep.rows) == len(first.rows) == PAGE
        bench.reader.asked = asked
        for plan in await bench.plans(generic=generic):
            assert all("_by_created_at" in name or "_to_created_at" in name for name in indexes_in(plan)), plan


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
@pytest.mark.parametrize("field", ["total", "due_at"])
async def test_within_a_scope_any_other_order_reads_the_callers_rows_alone(
    holding: Holding, field: str, generic: bool
) -> None:
    bench = holding(FEW)
    page = await page_of(bench.reader, LISTING, PageRequest((SortKey(field),), PAGE))
    assert len(page.rows) == 3
    assert await bench.buffers(generic=generic) < 40
    bench = holding(MANY)
    await page_of(bench.reader, LISTING, PageRequest((SortKey(field),), PAGE))
    assert await bench.buffers(generic=generic) < 2 * 2_000 + MUCH  # a scattered row is a buffer


@pytest.mark.parametrize("generic", [False, True], ids=["own plan", "generic plan"])
async def test_within_a_scope_counts_sums_and_words_read_the_callers_rows_alone(
    holding: Holding, generic: bool
) -> None:
    bench, order = holding(FEW), (SortKey("created_at", descending=True),)
    common = PageRequest(order, PAGE, words=("common",), sources=frozenset({"text"}))
    assert await count_of(bench.reader, LISTING, PageRequest(order, PAGE)) == (3, False)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    found = await order_sums(bench.reader, [now - timedelta(days=400), now + timedelta(hours=1)])
    assert sum(each.orders for each in found.sums) == 3
    assert await bench.buffers(generic=generic) < 60
    page = await page_of(bench.reader, LISTING, common)
    assert len(page.rows) == 3
    assert await count_of(bench.reader, LISTING, common) == (3, False)
    bench.reader.asked = [each for each in bench.reader.asked if "created_by" in each[0].sql]
    bench.reader.asked = (
        bench.reader.asked[:1] + bench.reader.asked[2:]
    )  # the second gathers a word for a page too short
    assert await bench.buffers(generic=generic) < MUCH


async def test_within_a_scope_rows_are_found_by_their_keys(holding: Holding) -> None:
    page = await page_of(holding(MANY).reader, LISTING, PageRequest((SortKey("created_at"),), PAGE), ("id",))
    bench = holding(FEW)
    bench.reader.asked.clear()
    assert await orders_by_id(bench.reader, [row["id"] for row in page.rows]) == {}
    assert await bench.buffers(generic=True) < MUCH + 200
