"""What a live page reads is told when the changes of rights before it are judged, and not earlier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from db.engine import Database
from db.hub import Fence, Hub
from db.pages import PageRequest, SortKey
from tests.support.database import Server
from tests.support.followers import NEVER
from tests.support.live_pages import LiveRows
from tests.support.plant import MINE, open_floor
from tests.support.shelf import Shelf
from tests.support.waiting import until

BY_TOTAL = PageRequest((SortKey("total"),), 3)


@asynccontextmanager
async def fenced(database: Database, fence: Fence) -> AsyncIterator[Hub]:
    hub = Hub(database, NEVER, fence=fence)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


async def test_nothing_that_was_read_is_told_before_the_fence_lets_it(server: Server) -> None:
    asked: list[int] = []
    gate = asyncio.Event()

    async def pass_fence(number: int) -> None:
        asked.append(number)
        await gate.wait()

    async with (
        open_floor(await server.create(uuid4().hex), MINE) as floor,
        fenced(floor.database, pass_fence) as hub,
    ):
        shelf = Shelf(floor)
        await shelf.clear()
        await shelf.write(("create", 0, {}))
        number = await floor.database.directory.identity_number()
        live = LiveRows(floor, hub, BY_TOTAL)
        beginning = asyncio.create_task(live.begun())
        await until(lambda: asked)
        assert asked == [number]
        assert live.pages == 0
        gate.set()
        await beginning
        gate.clear()
        await shelf.write(("create", 1, {}))
        await until(lambda: len(asked) > 1)
        assert live.frames == []
        gate.set()
        assert await live.caught_up(floor, hub) == list(shelf.ids.values())
        live.task.cancel()
        await asyncio.gather(live.task, return_exceptions=True)
