"""A feed as a test reads it: one frame after the other."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from schema.live.feed import Feed
from schema.live.frames import GONE, whole


@dataclass(frozen=True, slots=True)
class Frame:
    """One result as a client gets it."""

    payload: bytes
    cursor: str | None


class Watched:
    """A feed that somebody reads frame by frame; it is over after its last."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._woken = asyncio.Event()
        self._frames = self._read()
        feed.listen(self._woken.set, lambda: 0)

    @property
    def cursor(self) -> str | None:
        return self.feed.cursor

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self._frames

    async def aclose(self) -> None:
        await self._frames.aclose()
        await self.feed.aclose(GONE)

    async def _read(self) -> AsyncGenerator[Frame, None]:
        while True:
            self._woken.clear()
            for frame in self.feed.take(limit=1):
                yield Frame(whole(frame, frame.cursor), frame.cursor)
                self._woken.set()
            ending = self.feed.ending
            if ending is not None:
                if ending.frame is not None:
                    yield Frame(whole(ending.frame, None), None)
                return
            await self._woken.wait()
