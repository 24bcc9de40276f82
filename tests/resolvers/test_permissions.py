"""Telling newcomers: everybody who comes is told, at a position of the log that only moves on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from db.events import Position
from db.hub import Hub
from resolvers.newcomers import Newcomers
from resolvers.permissions import tell_newcomers
from tests.support.database import Server
from tests.support.followers import another_process, followed, hub_on, write
from tests.support.live_pages import context_of
from tests.support.plant import MINE, Floor, open_floor
from tests.support.waiting import until


class Teller:
    """Tells whoever comes where the log is."""

    def __init__(self, floor: Floor, hub: Hub) -> None:
        self.newcomers = Newcomers()
        self.moves: list[int] = []
        self.task = asyncio.create_task(self._tell(floor, hub))

    async def _tell(self, floor: Floor, hub: Hub) -> None:
        async for newcomers, position in tell_newcomers(context_of(floor, hub), self.newcomers, self._moved):
            for newcomer in newcomers:
                newcomer.set_result(position)

    def _moved(self, position: Position) -> None:
        assert not self.moves or position.seq > self.moves[-1]
        self.moves.append(position.seq)

    async def told(self) -> int:
        async with asyncio.timeout(60):
            position: Position = await self.newcomers.join()
        return position.seq


@pytest.fixture(scope="module")
async def floor(server: Server) -> AsyncIterator[Floor]:
    async with open_floor(await server.create(uuid4().hex), MINE) as floor:
        yield floor


@asynccontextmanager
async def telling(floor: Floor, hub: Hub) -> AsyncIterator[Teller]:
    teller = Teller(floor, hub)
    try:
        yield teller
    finally:
        teller.task.cancel()
        await asyncio.gather(teller.task, return_exceptions=True)


async def test_whoever_comes_is_told_where_the_log_is_by_then(floor: Floor) -> None:
    async with hub_on(floor.database) as hub, telling(floor, hub) as teller:
        first = await teller.told()
        assert teller.moves == [first]
        await write(floor.database, floor.mine, count=3)
        await until(lambda: teller.moves[-1] == first + 3)
        assert set(await asyncio.gather(*(teller.told() for _ in range(20)))) == {first + 3}
        assert hub.followers == 1
    assert hub.followers == 0
    assert floor.database.pool.in_use == 0


async def test_nothing_is_asked_of_the_log_before_somebody_comes(floor: Floor) -> None:
    async with hub_on(floor.database) as hub, telling(floor, hub) as teller:
        await asyncio.sleep(0)
        assert (hub.followers, teller.moves) == (0, [])
        await teller.told()
        await followed(hub)


async def test_a_log_that_was_lost_is_followed_from_where_it_is(floor: Floor) -> None:
    async with hub_on(floor.database) as hub, telling(floor, hub) as teller, another_process(floor) as elsewhere:
        first = await teller.told()
        await write(elsewhere, floor.mine, count=2)
        await floor.raw("DELETE FROM event_log")
        await write(floor.database, floor.mine)
        await until(lambda: teller.moves[-1] == first + 3)
        assert await teller.told() == first + 3
