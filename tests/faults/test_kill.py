"""Servers that end in the middle of their work: what was acknowledged is there, what was not is there whole or not at
all, and whoever watches misses nothing.
"""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from tests.faults.books import Books
from tests.faults.nursery import Nursery
from tests.faults.watcher import watching
from tests.support.shop import ITEMS, Shop
from tests.support.waiting import until, until_answered

KILLS = 20
CLIENTS = 4
STREAMS = 25
NOTES = "made under fire"
pytestmark = pytest.mark.timeout(90)


class Customers:
    """Clients that order and confirm until they are stopped; ``acknowledged`` is what the server said it had done."""

    def __init__(self, shop: Shop) -> None:
        self.acknowledged: set[str] = set()
        self.confirmed: set[str] = set()
        self._shop = shop
        self._stopped = False

    async def order(self) -> None:
        while not self._stopped:
            with suppress(httpx2.HTTPError):
                order = await self._shop.create(NOTES)
                self.acknowledged.add(order)
                await self._shop.move(order, "CONFIRMED")
                self.confirmed.add(order)

    async def wait_for_more(self) -> None:
        """Until an order more than now is acknowledged."""
        known = len(self.acknowledged)
        await until(lambda: len(self.acknowledged) > known)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.order()) for _ in range(CLIENTS)]
        try:
            yield
        finally:
            self._stopped = True
            await asyncio.gather(*tasks)


@pytest.fixture
async def shop(nursery: Nursery, bearer: dict[str, str]) -> AsyncIterator[Shop]:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{nursery.port}", timeout=15) as client:
        yield await Shop.open(client, bearer)


async def test_killed_servers_lose_nothing_and_leave_nothing_half_done(
    nursery: Nursery, bearer: dict[str, str], shop: Shop, books: Books
) -> None:
    chance, customers = random.Random(11), Customers(shop)
    async with watching(nursery.port, bearer) as (watcher,):
        async with customers.at_work():
            for _ in range(KILLS):
                await customers.wait_for_more()
                await asyncio.sleep(chance.uniform(0, 0.15))
                await nursery.kill()
                await nursery.start()
            await customers.wait_for_more()
        await until_answered(books.settled)
        log = await books.log()
        await watcher.wait_until(lambda each: len(each.told) >= len(log))
    assert watcher.told == log
    assert watcher.cuts + watcher.turned_away >= KILLS
    assert await books.audit(NOTES, ITEMS) >= customers.acknowledged
    assert {order for kind, order in log if kind == "order.status_changed"} >= customers.confirmed


async def test_a_server_killed_in_the_middle_of_a_mutation_leaves_nothing_of_it(
    nursery: Nursery, shop: Shop, books: Books
) -> None:
    async with books.connection.transaction():
        await books.connection.execute("SELECT 1 FROM event_heads WHERE tenant_id = $1 FOR UPDATE", books.tenant)
        ordering = asyncio.create_task(shop.create(NOTES))
        await until_answered(books.awaited)
        await nursery.kill()
        with pytest.raises(httpx2.HTTPError):
            await ordering
    await until_answered(books.settled)
    assert (await books.orders(NOTES), await books.events()) == ([], [])
    await nursery.start()
    assert await books.audit(NOTES, ITEMS) == set()
    order = await shop.create(NOTES)
    assert await books.audit(NOTES, ITEMS) == {order}


async def test_a_server_told_to_stop_ends_every_stream_in_good_order(
    nursery: Nursery, bearer: dict[str, str], shop: Shop, books: Books
) -> None:
    customers = Customers(shop)
    async with watching(nursery.port, bearer, STREAMS) as watchers:
        async with customers.at_work():
            await customers.wait_for_more()
            assert await nursery.end(signal.SIGTERM) == 0
            await nursery.start()
            await customers.wait_for_more()
        await until_answered(books.settled)
        log = await books.log()
        for watcher in watchers:
            await watcher.wait_until(lambda each: len(each.told) >= len(log))
    assert [watcher.told for watcher in watchers] == [log] * STREAMS
    assert {(watcher.completed, watcher.cuts) for watcher in watchers} == {(False, 0)}
    assert await books.audit(NOTES, ITEMS) >= customers.acknowledged
