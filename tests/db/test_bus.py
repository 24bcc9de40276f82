"""What is said on the bus is heard by who listens, whichever bus it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from db.bus import Bus, PostgresBus, open_bus
from db.directory import Directory
from db.redis_bus import RedisBus
from tests.support.database import Dsns
from tests.support.redis import RedisServer


@asynccontextmanager
async def bus_of(kind: str, dsns: Dsns, redis: RedisServer) -> AsyncIterator[Bus]:
    directory = await Directory.open(dsns.runtime, 1)
    bus = open_bus(directory, redis.url if kind == "redis" else None)
    try:
        yield bus
    finally:
        await bus.close()
        await directory.close()


class Ear:
    """What one listener hears."""

    def __init__(self) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue(100)
        self.back: asyncio.Queue[None] = asyncio.Queue(100)
        self.channel = f"c{uuid4().hex}"

    async def at(self, bus: Bus) -> "Ear":
        await bus.listen(self.channel, self.texts.put_nowait, lambda: self.back.put_nowait(None))
        return self

    async def next(self) -> str:
        return await asyncio.wait_for(self.texts.get(), 10)

    async def hears_again(self) -> None:
        await asyncio.wait_for(self.back.get(), 10)


KINDS = pytest.mark.parametrize("kind", ["postgresql", "redis"])


@KINDS
async def test_every_listener_of_a_channel_hears_in_order_what_another_process_says(
    kind: str, dsns: Dsns, redis: RedisServer
) -> None:
    async with bus_of(kind, dsns, redis) as here, bus_of(kind, dsns, redis) as there:
        ear = await Ear().at(here)
        other = Ear()
        other.channel = ear.channel
        await other.at(here)
        for text in ("one", "two", "Größe\n\U0001f600"):
            await there.publish(ear.channel, text)
        heard = [await ear.next() for _ in range(3)]
        assert heard == [await other.next() for _ in range(3)] == ["one", "two", "Größe\n\U0001f600"]


@KINDS
async def test_a_channel_hears_nothing_of_another(kind: str, dsns: Dsns, redis: RedisServer) -> None:
    async with bus_of(kind, dsns, redis) as bus:
        mine, other = await Ear().at(bus), await Ear().at(bus)
        await bus.publish(other.channel, "for the other")
        await bus.publish(mine.channel, "for me")
        assert (await mine.next(), await other.next()) == ("for me", "for the other")
        assert mine.texts.empty()


@KINDS
async def test_a_bus_is_live_once_it_listens(kind: str, dsns: Dsns, redis: RedisServer) -> None:
    async with bus_of(kind, dsns, redis) as bus:
        await Ear().at(bus)
        assert bus.live


async def test_without_redis_it_is_postgresqls(dsns: Dsns) -> None:
    directory = await Directory.open(dsns.runtime, 1)
    try:
        assert isinstance(open_bus(directory, None), PostgresBus)
        assert isinstance(open_bus(directory, "redis://127.0.0.1:1"), RedisBus)
    finally:
        await directory.close()


async def test_redis_counts_who_heard(dsns: Dsns, redis: RedisServer) -> None:
    async with bus_of("redis", dsns, redis) as bus:
        ear = await Ear().at(bus)
        assert await bus.publish(ear.channel, "x") == 1
        assert await bus.publish(f"{ear.channel}-nobody", "x") == 0
