"""What a caller may do, told anew to everybody who comes.

The permissions themselves are the principal's. A stream whose caller gets other ones is moved to those who have the
same (``schema/live/groups.py``), and comes there as a newcomer: so this source tells only where in the log it is.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

from db.errors import CursorExpired, Unavailable
from db.events import Position
from resolvers.context import ReadContext
from resolvers.newcomers import Newcomer, Newcomers, arrivals

AGAIN_SECONDS = 0.5
"""Until an absent database is asked again."""


async def tell_newcomers(
    ctx: ReadContext, newcomers: Newcomers, moved: Callable[[Position], None]
) -> AsyncGenerator[tuple[Sequence[Newcomer], Position], None]:
    """Whom to tell, and where in the log, for ever. ``moved`` is told each position that is done with. Closing it
    leaves the log at once.
    """
    await newcomers.came()
    while True:
        position = await _head(ctx)
        moved(position)
        yield newcomers.take(), position
        with suppress(CursorExpired):
            async with aclosing(arrivals(ctx, newcomers, position)) as arriving:
                async for events, came in arriving:
                    if events:
                        position = Position(events[-1].seq, events[-1].ts)
                        moved(position)
                    if came:
                        yield newcomers.take(), position
            return


async def _head(ctx: ReadContext) -> Position:
    while True:
        with suppress(Unavailable):
            return await ctx.hub.head(ctx.principal.tenant)
        await asyncio.sleep(AGAIN_SECONDS)
