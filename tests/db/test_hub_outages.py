"""Streams outlive their connections and a database that is away."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.events import Event, Position
from db.hub import TAIL
from tests.support.followers import (
    SOON,
    START,
    another_process,
    following,
    hub_on,
    numbers,
    take,
    write,
)
from tests.support.outages import away, cut
from tests.support.plant import NOON, Floor


async def test_the_stream_goes_on_after_its_connections_are_cut(floor_apart: Floor) -> None:
    async with (
        hub_on(floor_apart.database, poll_seconds=SOON) as hub,
        another_process(floor_apart) as mute,
        following(hub, floor_apart) as stream,
    ):
        await write(floor_apart.database, floor_apart.mine)
        assert await take(stream, 14) == [14]
        waiting = asyncio.create_task(take(stream, 15))
        await cut(floor_apart.dsns)
        await asyncio.sleep(SOON)
        await write(mute, floor_apart.mine)
        assert await waiting == [15]


@pytest.mark.parametrize("behind", [False, True])
async def test_the_stream_waits_while_the_database_is_away(floor_apart: Floor, behind: bool) -> None:
    async with (
        hub_on(floor_apart.database, poll_seconds=SOON) as hub,
        following(hub, floor_apart) as near,
    ):
        arriving = asyncio.create_task(take(near, 14 + TAIL))
        await write(floor_apart.database, floor_apart.mine, TAIL)
        await write(floor_apart.database, floor_apart.mine)
        await arriving
        position = START if behind else Position(13 + TAIL, NOON)
        async with following(hub, floor_apart, position) as stream, away(floor_apart.dsns) as come_back:
            first = await write_when_back(floor_apart, come_back, stream, 15 + TAIL)
        assert first == numbers(position.seq + 1, 15 + TAIL)


async def write_when_back(
    floor: Floor, back: asyncio.Event, stream: AsyncIterator[list[Event]], last: int
) -> list[int]:
    """What arrives at a follower that asks while the database is away."""
    waiting = asyncio.create_task(take(stream, last))
    await asyncio.sleep(SOON)
    back.set()
    while not waiting.done():
        try:
            await write(floor.database, floor.mine)
            break
        except Exception:  # not back yet
            await asyncio.sleep(0.01)
    return await waiting
