"""Random subscriptions of two strangers, followed while both change their rows: what either is told of the other's."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from schema.execute import Answer, OperationRequest
from schema.live.feed import Feed
from schema.live.frames import GONE
from tests.support.operations import Asked
from tests.support.strangers import REQUEST, Stranger, Strangers, fill, owned_by
from tests.support.waiting import PATIENCE

ROWS = 3
"""As many rows of each noun either makes while the other listens."""


@dataclass(frozen=True, slots=True)
class Ear:
    """One subscription of one of them."""

    me: Stranger
    other: Stranger
    asked: Asked
    feed: Feed


class Overheard:
    """``frames`` counts what was told; ``refused`` the subscriptions that did not open."""

    def __init__(self, strangers: Strangers, seed: int) -> None:
        self._strangers = strangers
        self._random = Random(seed)
        self._woken = asyncio.Event()
        self.frames = self.refused = 0

    async def leaked(self, drawn: Sequence[Asked]) -> list[str]:
        """Follow them all as both; what either is told of the other's."""
        left, right = self._strangers.left, self._strangers.right
        ears = [
            ear for asked in drawn for pair in ((left, right), (right, left)) if (ear := await self._open(*pair, asked))
        ]
        try:
            await self._until(lambda: all(ear.feed.done or ear.feed.ending for ear in ears))
            for me in (left, right):
                await fill(self._strangers.world, replace(me.kind, rows=ROWS), me.caller, self._random)
                me.ids |= await owned_by(self._strangers.world, me.caller)
            found: list[str] = []
            for ear in ears:
                found += await self._hear(ear)
            return found
        finally:
            for ear in ears:
                await ear.feed.aclose(GONE)

    async def _open(self, me: Stranger, other: Stranger, asked: Asked) -> Ear | None:
        request = OperationRequest(asked.document, asked.variables, asked.operation, None, REQUEST, allow_stream=True)
        feed = await self._strangers.gateway.answer(request, me.asking(asked))
        if isinstance(feed, Answer):
            self.refused += 1
            return None
        feed.listen(self._woken.set, lambda: 0, moves=True)
        return Ear(me, other, asked, feed)

    async def _hear(self, ear: Ear) -> list[str]:
        """What it was told up to the newest event of its own tenant."""
        head = await self._strangers.world.hub.head(ear.me.caller.tenant)
        found: list[str] = []

        def over() -> bool:
            for frame in ear.feed.take(limit=1_000):
                self.frames += 1
                found.extend(self._strangers.foreign(ear.me, ear.other, frame.payload, ear.asked))
            done = ear.feed.done
            return ear.feed.ending is not None or (done is not None and done.seq >= head.seq)

        await self._until(over)
        return found

    async def _until(self, reached: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not reached():
                self._woken.clear()
                await self._woken.wait()
