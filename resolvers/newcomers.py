"""Who waits to be told how things stand, beside a log that goes on: part of everything that opens with a state."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from db.events import Event, Position
from resolvers.context import ReadContext

Newcomer = asyncio.Future[Any]  # Any: what it is answered is up to the one that tells
"""Waits to be told."""


class Newcomers:
    """Who waits."""

    def __init__(self) -> None:
        self._waiting: list[Newcomer] = []
        self._came = asyncio.Event()

    def join(self) -> Newcomer:
        """Ask to be told; cancel it to leave."""
        newcomer: Newcomer = asyncio.get_running_loop().create_future()
        self._waiting.append(newcomer)
        self._came.set()
        return newcomer

    async def came(self) -> None:
        """Wait until somebody waits."""
        await self._came.wait()

    def take(self) -> list[Newcomer]:
        """All who wait now; whoever comes later is told later."""
        waiting, self._waiting = self._waiting, []
        self._came.clear()
        return [newcomer for newcomer in waiting if not newcomer.done()]


async def arrivals(
    ctx: ReadContext, newcomers: Newcomers, after: Position
) -> AsyncGenerator[tuple[Sequence[Event], bool], None]:
    """The log's events after a position, in batches, and whether somebody came: either is what woke it. They are taken
    before the next is asked for. Raises CursorExpired. Closing it leaves the log at once.
    """
    batches = ctx.hub.follow(ctx.principal.tenant, after)
    coming = asyncio.ensure_future(newcomers.came())
    arriving = asyncio.ensure_future(anext(batches, None))
    try:
        while True:
            await asyncio.wait((arriving, coming), return_when=asyncio.FIRST_COMPLETED)
            events: Sequence[Event] = ()
            came = coming.done()
            if arriving.done():
                batch = arriving.result()
                if batch is None:
                    return
                events = batch
                arriving = asyncio.ensure_future(anext(batches, None))
            yield events, came
            if came:
                coming = asyncio.ensure_future(newcomers.came())
    finally:
        coming.cancel()
        arriving.cancel()
        await asyncio.gather(coming, arriving, return_exceptions=True)
        await batches.aclose()
