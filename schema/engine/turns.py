"""Turns of the event loop: large levels are built one a turn, so that nobody waits for many of them at once.

A level of a thousand rows takes about a millisecond. Sixteen pages that come to theirs in the same turn would keep
every stream waiting for all of them.
"""

import asyncio
from collections import deque

LARGE = 200
"""Rows from which on a level waits for its turn."""


class Turns:
    """``take`` answers in a turn of the loop that nobody else took; first come, first served."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        """Whose turn is taken."""
        self._line: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            place = loop.create_future()
            self._line.append(place)
            await place
        else:
            self._line.clear()  # of a loop that is gone
            self._take_until_next(loop)

    def _take_until_next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.call_soon(self._give_on, loop)  # runs in the next turn

    def _give_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = None
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                self._take_until_next(loop)
                return


TURNS = Turns()
