"""Pages of many parents: each as its own list would give it."""

from dataclasses import replace

import pytest

from db.filters import Test
from db.listings import page_of
from db.nested import counts_of, pages_of, scoped
from db.orders import LISTING
from db.pages import PageRequest, SortKey
from db.tenancy import TenantReader
from tests.support.facts import ids_of, look
from tests.support.world import World

NEWEST = (SortKey("created_at", descending=True),)
REQUESTS = {
    "newest": PageRequest(NEWEST, 3),
    "oldest, from the end": PageRequest((SortKey("created_at"),), 2, backward=True),
    "largest": PageRequest((SortKey("total", descending=True), SortKey("created_at")), 2),
    "by a time that may be missing": PageRequest((SortKey("due_at", nulls_last=False),), 4),
    "filtered": PageRequest(NEWEST, 2, where=Test("status", "ne", "PENDING")),
    "none at all": PageRequest(NEWEST, 0),
}


@pytest.fixture
def reader(world: World) -> TenantReader:
    return world.database.reader(world.tenants["acme"])


@pytest.mark.parametrize("name", REQUESTS)
async def test_each_parents_page_is_the_page_of_its_own_list(world: World, reader: TenantReader, name: str) -> None:
    request, parents = REQUESTS[name], await ids_of(world, "customers", count=12)
    pages = await pages_of(reader, LISTING, "customer_id", parents, request)
    assert list(pages) == parents
    for parent, page in pages.items():
        alone = await page_of(reader, LISTING, scoped(request, "customer_id", parent))
        assert (page.request, page.more) == (alone.request, alone.more)
        assert [row["id"] for row in page.rows] == [row["id"] for row in alone.rows]


async def test_a_page_goes_on_after_a_key_of_its_own(world: World, reader: TenantReader) -> None:
    (busiest,) = await look(
        world,
        "SELECT customer_id FROM orders WHERE tenant_id = $1 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        world.tenants["acme"].hex,
    )
    parent, request = busiest["customer_id"], PageRequest(NEWEST, 3)
    first = (await pages_of(reader, LISTING, "customer_id", [parent], request))[parent]
    after = replace(request, after=first.key_of(first.rows[-1]))
    second = (await pages_of(reader, LISTING, "customer_id", [parent], after))[parent]
    both = await page_of(reader, LISTING, scoped(replace(request, limit=6), "customer_id", parent))
    assert [row["id"] for row in (*first.rows, *second.rows)] == [row["id"] for row in both.rows]


async def test_a_parent_without_rows_has_an_empty_page_and_counts_none(reader: TenantReader) -> None:
    nobody = "0" * 32
    pages = await pages_of(reader, LISTING, "customer_id", [nobody], PageRequest(NEWEST, 3))
    assert (list(pages[nobody].rows), pages[nobody].more) == ([], False)
    assert await counts_of(reader, LISTING, "customer_id", [nobody], PageRequest(NEWEST, 3)) == {nobody: (0, False)}


async def test_no_parents_cost_no_statement(world: World, reader: TenantReader) -> None:
    async with world.statements() as seen:
        assert await pages_of(reader, LISTING, "customer_id", [], PageRequest(NEWEST, 3)) == {}
        assert await counts_of(reader, LISTING, "customer_id", [], PageRequest(NEWEST, 3)) == {}
    assert seen == []


async def test_each_parent_is_counted(world: World, reader: TenantReader) -> None:
    parents = await ids_of(world, "customers", count=12)
    for where in (None, Test("status", "eq", "PENDING")):
        counts = await counts_of(reader, LISTING, "customer_id", parents, PageRequest(NEWEST, 1, where=where))
        sql = "SELECT count(*) FROM orders WHERE customer_id = $1" + (" AND status = 'PENDING'" if where else "")
        for parent in parents:
            assert counts[parent] == ((await look(world, sql, parent))[0][0], False)
