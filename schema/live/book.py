"""The open subscriptions of this process, for those who look on, and for an operator who ends one.

``others`` answers for the other workers; without it this process is all there is.
"""

import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

from db.clock import Clock
from resolvers.open_streams import OpenStream
from schema.live.frames import Ending, EndReason
from schema.live.member import Member

TERMINATED = Ending(EndReason.TERMINATED, "FORBIDDEN", message="An operator ended this stream.")


class Others(Protocol):
    """The books of the other workers. Raises nothing."""

    async def of_tenant(self, tenant: str) -> tuple[list[OpenStream], bool]:
        """Their streams of the tenant, and whether that is all of them."""

    async def end(self, tenant: str, stream_id: str) -> bool:
        """Whether one of them had it."""


class Book:
    """A ``StreamBook`` (``resolvers/open_streams.py``). ``members`` answers the open subscriptions of this process."""

    def __init__(self, members: Callable[[], Iterable[Member]], clock: Clock) -> None:
        self.worker = secrets.token_hex(4)
        self.others: Others | None = None
        self._members = members
        self._clock = clock

    async def of_tenant(self, tenant: str) -> tuple[list[OpenStream], bool]:
        here = self.here(tenant)
        if self.others is None:
            return here, True
        elsewhere, complete = await self.others.of_tenant(tenant)
        return here + elsewhere, complete

    async def end(self, tenant: str, stream_id: str) -> bool:
        if self.end_here(tenant, stream_id):
            return True
        return self.others is not None and await self.others.end(tenant, stream_id)

    def here(self, tenant: str) -> list[OpenStream]:
        """Those of this process; ``tenant`` is the id's digits."""
        return [self._entry(member) for member in self._members() if member.principal.tenant.hex == tenant]

    def end_here(self, tenant: str, stream_id: str) -> bool:
        """Whether it was there."""
        for member in self._members():
            if member.id == stream_id and member.principal.tenant.hex == tenant:
                member.finish(TERMINATED)
                return True
        return False

    def _entry(self, member: Member) -> OpenStream:
        who, waiting = member.principal.person, member.oldest_waiting
        lag = 0 if waiting is None else int((self._clock() - waiting.ts).total_seconds() * 1000)
        at = member.told if waiting is not None else member.done
        return OpenStream(
            id=member.id,
            operation=member.group.ready.name or _named(member),
            user_id=who.user_id,
            email=who.email,
            user_name=who.name,
            single=member.single,
            since=member.since,
            lag_events=0 if at is None else max(0, member.group.newest() - at.seq),
            lag_milliseconds=max(0, lag),
            queued_bytes=member.queued(),
            shared_by=len(member.group.members),
            worker=self.worker,
        )


def _named(member: Member) -> str | None:
    """The name of the document's one operation, which a request need not repeat."""
    name = member.group.ready.node.name
    return None if name is None else name.value
