"""Watching the log: which changes of a noun concern a watcher, and how far the log is done with."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from db.events import Event, Position, typed_event
from db.filters import Condition, judge
from db.list_statements import Listing
from db.scopes import seen_within
from resolvers.context import ReadContext

Watch = Callable[
    [ReadContext, Condition | None, frozenset[str] | None, Position | None, Callable[[Position], None]],
    AsyncGenerator[Event, None],
]
"""``watch`` for one noun."""


async def watch(
    listing: Listing,
    ctx: ReadContext,
    condition: Condition | None,
    types: frozenset[str] | None,
    after: Position | None,
    moved: Callable[[Position], None],
) -> AsyncGenerator[Event, None]:
    """Every change of a noun's row that matches ``condition`` before or after it, in order, from ``after`` (or from
    now) on, for ever; as the caller's scope lets it be seen (``seen_within``).

    ``moved`` is told each position that is done with, whether or not an event came of it. Closing it
    leaves the log at once. Raises CursorExpired.
    """
    scope, table = ctx.principal.scope, listing.table
    narrow = bool(scope.columns_of(table))
    start = after if after is not None else await ctx.hub.head(ctx.principal.tenant)
    moved(start)
    async with aclosing(ctx.hub.follow(ctx.principal.tenant, start)) as batches:
        async for batch in batches:
            for logged in batch:
                if logged.entity == listing.noun and (narrow or types is None or logged.type in types):
                    event = seen_within(scope, table, logged)
                    if event is not None and (types is None or event.type in types):
                        event = typed_event(table, event)
                        if condition is None or _concerns(condition, event):
                            yield event
                moved(Position(logged.seq, logged.ts))


def _concerns(condition: Condition, event: Event) -> bool:
    return any(image is not None and judge(condition, image) is True for image in (event.before, event.after))
