"""Streams that do nothing but note what happens to their callers' rights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from auth.authenticate import Credentials
from auth.principal import Principal
from auth.rights import Rights, Watch, open_rights
from auth.watched import Lost
from tests.support.people import KEYRING, People
from tests.support.waiting import PATIENCE


@dataclass(slots=True)
class NotingStream:
    """What it was told, in order."""

    told: asyncio.Queue[Principal | Lost] = field(default_factory=lambda: asyncio.Queue(100))

    def change_rights(self, principal: Principal) -> None:
        self.told.put_nowait(principal)

    def lose_rights(self, reason: Lost) -> None:
        self.told.put_nowait(reason)

    async def next(self) -> Principal | Lost:
        async with asyncio.timeout(PATIENCE):
            return await self.told.get()


@asynccontextmanager
async def rights_on(people: People) -> AsyncIterator[Rights]:
    rights = await open_rights(people.directory, KEYRING, people.clock)
    try:
        yield rights
    finally:
        await rights.stop()


async def follow(rights: Rights, credentials: Credentials) -> tuple[NotingStream, Watch]:
    """A stream that opens with these credentials as a request does, judged once."""
    principal = await rights.authenticator.authenticate(credentials)
    assert principal is not None
    stream = NotingStream()
    watch = rights.watch(credentials, principal, stream)
    await rights.caught_up(0)
    return stream, watch
