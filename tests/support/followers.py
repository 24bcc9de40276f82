"""Followers of a hub, and what they are driven with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from db.bus import Bus
from db.engine import Database
from db.events import Event, EventDraft, Position
from db.hub import Hub
from db.tenancy import TenantId
from tests.support.plant import ACTOR, NOON, Floor
from tests.support.waiting import until

START = Position(13, NOON)
"""Where my planted log ends."""
SOON = 0.05
NEVER = 60.0


@asynccontextmanager
async def hub_on(database: Database, poll_seconds: float = NEVER, bus: Bus | None = None) -> AsyncIterator[Hub]:
    """A hub at work; wake-ups alone drive it unless it polls."""
    hub = Hub(database, poll_seconds, bus)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


@asynccontextmanager
async def another_process(floor: Floor) -> AsyncIterator[Database]:
    """A second set of pools on the same database."""
    database = await Database.open(floor.dsns.runtime, size=2, directory_size=1)
    try:
        yield database
    finally:
        await database.close()


async def write(database: Database, tenant: TenantId, count: int = 1) -> None:
    """So many events in one transaction."""
    async with database.writer(tenant, ACTOR) as writer:
        for _ in range(count):
            writer.record(EventDraft("order.updated", "order", "0" * 32, 1, None, {}))


async def take(stream: AsyncIterator[list[Event]], last: int) -> list[int]:
    """The numbers that arrive up to ``last``, which must come within ten seconds."""
    seen: list[int] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1] < last:
            seen += [event.seq for event in await anext(stream)]
    return seen


async def followed(hub: Hub, by: int = 1) -> None:
    """Wait until so many follow."""
    await until(lambda: hub.followers == by)


def numbers(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


async def nothing_comes(stream: AsyncIterator[list[Event]], seconds: float = 0.1) -> bool:
    """Ends the stream: whoever waits is cancelled."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await anext(stream)
    return True


@asynccontextmanager
async def following(hub: Hub, floor: Floor, after: Position = START) -> AsyncIterator[AsyncIterator[list[Event]]]:
    """A stream of my tenant that is closed at the end."""
    async with aclosing(hub.follow(floor.mine, after)) as stream:
        yield stream
