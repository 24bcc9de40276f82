"""What is read of a log goes on only when the changes of rights before it are known to be settled."""

import asyncio

from db.directory import Directory
from db.hub import Hub
from tests.support.followers import NEVER, following, take, write
from tests.support.plant import Floor


class Gate:
    """A fence that a test opens; it remembers the numbers it was asked to let pass."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[int] = asyncio.Queue(100)
        self.open = asyncio.Event()

    async def __call__(self, number: int) -> None:
        self.asked.put_nowait(number)
        await self.open.wait()


async def test_events_wait_at_the_fence(fresh_floor: Floor) -> None:
    gate = Gate()
    hub = Hub(fresh_floor.database, NEVER, fence=gate)
    await hub.start()
    try:
        async with following(hub, fresh_floor) as stream:
            waiting = asyncio.create_task(take(stream, 14))
            await write(fresh_floor.database, fresh_floor.mine)
            await gate.asked.get()
            assert not waiting.done()
            gate.open.set()
            assert await waiting == [14]
    finally:
        await hub.stop()


async def test_the_fence_is_asked_with_the_number_that_was_committed_before_the_event(fresh_floor: Floor) -> None:
    directory: Directory = fresh_floor.database.directory
    gate = Gate()
    gate.open.set()
    hub = Hub(fresh_floor.database, NEVER, fence=gate)
    await hub.start()
    try:
        async with following(hub, fresh_floor) as stream:
            for last in (14, 15):
                await fresh_floor.raw("UPDATE users SET name = name")
                before = await directory.identity_number()
                await write(fresh_floor.database, fresh_floor.mine)
                await take(stream, last)
                assert await gate.asked.get() >= before
    finally:
        await hub.stop()
