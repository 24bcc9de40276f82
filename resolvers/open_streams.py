"""The open streams of a tenant: who follows what, how far behind, and how one is ended from outside.

What is open is known to the processes that serve it and to nobody else: a ``StreamBook`` answers for all of them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from db.audit_records import AuditDraft
from db.ids import public_id
from resolvers.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from resolvers.context import ReadContext, WriteContext

MOST = 500


@dataclass(frozen=True, slots=True)
class OpenStream:
    """One subscription of one client, as it stands at this moment."""

    id: str
    operation: str | None
    """The operation's name in its document."""
    user_id: str
    email: str
    user_name: str
    single: bool
    """Whether it shares its connection with other operations."""
    since: datetime
    lag_events: int
    """Events of the tenant's log that it is not done with."""
    lag_milliseconds: int
    """How long ago the oldest frame that waits for the client was committed; 0 when none waits."""
    queued_bytes: int
    """Written and not yet taken by the client's machine."""
    shared_by: int
    """Streams that one execution serves, this one among them."""
    worker: str
    """The process that serves it; an opaque name."""


@dataclass(frozen=True, slots=True)
class StreamListing:
    """The streams, those that lag most first. ``complete``: whether every worker answered."""

    nodes: list[OpenStream]
    total_count: int
    complete: bool


class StreamBook(Protocol):
    """What is open, on every worker. A tenant is its id, 32 hex digits."""

    async def of_tenant(self, tenant: str) -> tuple[list[OpenStream], bool]:
        """Those of the tenant, and whether every worker answered."""

    async def end(self, tenant: str, stream_id: str) -> bool:
        """End it (TERMINATED), if it is the tenant's; whether it was there."""


class _NobodysBook:
    """Where nothing is served, nothing is open."""

    async def of_tenant(self, tenant: str) -> tuple[list[OpenStream], bool]:
        return [], True

    async def end(self, tenant: str, stream_id: str) -> bool:
        return False


NOBODYS_BOOK: StreamBook = _NobodysBook()


async def list_open_streams(ctx: "ReadContext", first: int) -> StreamListing:
    """Raises InvalidInput."""
    if not 1 <= first <= MOST:
        raise InvalidInput(f"first is from 1 to {MOST}.")
    found, complete = await ctx.book.of_tenant(ctx.principal.tenant.hex)
    found.sort(key=lambda each: (-each.lag_milliseconds, -each.lag_events, each.since, each.id))
    return StreamListing(found[:first], len(found), complete)


async def terminate_stream(ctx: "WriteContext", stream_id: str) -> OpenStream:
    """End a stream of the tenant. Who did is on record before it happens. Raises NotFound."""
    found, _ = await ctx.book.of_tenant(ctx.principal.tenant.hex)
    stream = next((each for each in found if each.id == stream_id), None)
    if stream is None:
        raise NotFound("There is no such stream.", "id")
    async with ctx.write() as writer:
        told = {"user": public_id("usr", stream.user_id), "operation": stream.operation, "since": stream.since}
        changes = {name: [value, None] for name, value in told.items()}
        writer.audit(AuditDraft("terminateStream", "stream", stream_id, changes))
    await ctx.book.end(ctx.principal.tenant.hex, stream_id)
    return stream
