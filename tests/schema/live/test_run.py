"""Whatever the order of joins, reads, cuts and resumes: every member gets exactly the events after its place, once, in
order, under the same ids.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field

import pytest

from db.event_cursors import EventCursorCodec
from schema.live import run
from tests.support.facts import UPDATE, new_order
from tests.support.feeds import Watched
from tests.support.world import KEY, World

DOCUMENTS = (
    "subscription($after: String) { orderEvents(after: $after) { cursor patch } }",
    "subscription($after: String) { orderEvents(after: $after) { cursor patch order { notes version } } }",
)


@dataclass
class Reader:
    """One client: where it stands, and what it was told since."""

    document: str
    at: int
    stream: Watched | None = None
    told: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Story:
    """A log that grows, and clients that come and go."""

    world: World
    random: random.Random
    order: str
    cursors: list[str]
    """The id of each event so far, the first of them where the story begins."""
    readers: list[Reader] = field(default_factory=list)

    async def write(self) -> None:
        for _ in range(self.random.randint(1, 6)):
            number = len(self.cursors)
            await self.world.ask(UPDATE, {"input": {"id": self.order, "notes": str(number)}})
            self.cursors.append(await cursor_now(self.world))

    async def join(self) -> None:
        at = self.random.randrange(len(self.cursors))
        reader = Reader(self.random.choice(DOCUMENTS), at)
        self.readers.append(reader)
        await self.open(reader)

    async def open(self, reader: Reader) -> None:
        after = reader.told[-1][0] if reader.told else self.cursors[reader.at]
        reader.stream = await self.world.subscribe(reader.document, {"after": after})

    async def read(self, reader: Reader, count: int) -> None:
        assert reader.stream is not None
        frames = aiter(reader.stream)
        async with asyncio.timeout(60):
            for _ in range(count):
                frame = await anext(frames)
                event = json.loads(frame.payload)["data"]["orderEvents"]
                assert event["cursor"] == frame.cursor
                reader.told.append((event["cursor"], int(event["patch"]["notes"])))

    def missing(self, reader: Reader) -> int:
        return len(self.cursors) - 1 - reader.at - len(reader.told)

    async def step(self) -> None:
        if not self.readers or self.random.random() < 0.25:
            await self.join()
            return
        reader = self.random.choice(self.readers)
        if self.random.random() < 0.35:
            await self.write()
        elif reader.stream is None:
            await self.open(reader)
        elif self.random.random() < 0.3:
            await self.cut(reader)
        else:
            await self.read(reader, self.random.randint(0, self.missing(reader)))

    async def cut(self, reader: Reader) -> None:
        if reader.stream is not None:
            await reader.stream.aclose()
            reader.stream = None

    async def end(self) -> None:
        for reader in self.readers:
            if reader.stream is None:
                await self.open(reader)
            await self.read(reader, self.missing(reader))
        for reader in self.readers:
            await self.cut(reader)


async def cursor_now(world: World) -> str:
    tenant = world.tenants["acme"]
    return EventCursorCodec([KEY], epoch=7).encode(tenant, await world.hub.head(tenant))


@pytest.mark.parametrize("tail", [3, 1_000])
@pytest.mark.parametrize("seed", range(5))
async def test_every_member_gets_exactly_what_comes_after_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch, tail: int, seed: int
) -> None:
    monkeypatch.setattr(run, "TAIL_FRAMES", tail)
    monkeypatch.setattr(run, "AHEAD", 2)
    order = await new_order(world)
    story = Story(world, random.Random(seed), order, [await cursor_now(world)])
    for _ in range(40):
        await story.step()
    await story.end()
    for reader in story.readers:
        expected = [(cursor, number) for number, cursor in enumerate(story.cursors)][reader.at + 1 :]
        assert reader.told == expected
    assert not world.gateway.groups.members
    assert world.hub.followers == 0
