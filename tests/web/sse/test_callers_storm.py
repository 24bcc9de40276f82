"""While events pour and rights end at random, nobody is told an event that began after their end was committed."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.support.members import Person, following, person
from tests.support.server import Front
from tests.support.streams import PATIENCE, StreamEnded

PEOPLE, SECONDS = 24, 4.0
ENDS: tuple[Callable[[Person], Awaitable[object]], ...] = (
    lambda who: who.directory.sessions.revoke_others(who.id),
    lambda who: who.directory.set_password(who.id, "no hash"),
    lambda who: who.become("partner"),
)
"""The last of them changes what may be read, and ends nothing."""


@dataclass
class Storm:
    """Numbered events, and how far the numbers were when each person's end was committed."""

    writer: Person
    begun: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    last: dict[str, int] = field(default_factory=dict)
    told: dict[str, list[int]] = field(default_factory=dict)
    reason: dict[str, str] = field(default_factory=dict)

    async def pour(self) -> None:
        while not self.stop.is_set():
            self.begun += 1
            await self.writer.cause(str(self.begun))

    async def follow(self, who: Person, ready: asyncio.Barrier) -> None:
        told = self.told[who.id] = []
        headers = (await who.session())[0]
        async with following(who, headers) as stream:
            await ready.wait()
            try:
                async with asyncio.timeout(SECONDS + PATIENCE):
                    while True:
                        payload = (await stream.wait_for_next()).payload
                        if payload["data"] is None:
                            self.reason[who.id] = payload["extensions"]["stream"]["end"]["reason"]
                            return
                        told.append(int(payload["data"]["orderEvents"]["patch"]["notes"]))
                        if self.stop.is_set() and told[-1] == self.begun:
                            return
            except StreamEnded:
                return

    async def end(self, who: Person, how: Callable[[Person], Awaitable[object]], after: float) -> None:
        await asyncio.sleep(after)
        await how(who)
        if how is not ENDS[-1]:
            self.last[who.id] = self.begun


async def test_no_event_that_began_after_the_end_is_told(front: Front) -> None:
    people = [await person(front) for _ in range(PEOPLE)]
    storm, chance, ready = Storm(await person(front)), random.Random(7), asyncio.Barrier(PEOPLE + 1)
    followers = [asyncio.create_task(storm.follow(who, ready)) for who in people]
    await ready.wait()
    pouring = asyncio.create_task(storm.pour())
    fates = [(who, chance.choice(ENDS), chance.uniform(0.1, SECONDS)) for who in people]
    await asyncio.gather(*[storm.end(*fate) for fate in fates])
    storm.stop.set()
    await pouring
    await asyncio.gather(*followers)
    assert storm.last
    for who, how, _ in fates:
        told = storm.told[who.id]
        assert told == list(range(told[0], told[-1] + 1)) if told else True, "a gap, or twice"
        if how is ENDS[-1]:
            assert (who.id in storm.reason, told[-1]) == (False, storm.begun)
        else:
            assert storm.reason[who.id] == "SESSION_REVOKED"
            assert not told or told[-1] <= storm.last[who.id]
