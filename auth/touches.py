"""When sessions and keys were last used: noted in memory while a request goes on, written afterwards for many at once.

What is lost when a process dies is a minute of "last seen", and a minute of an idle session's life.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from auth.sessions import TOUCHED_EVERY
from db.directory import Directory
from db.errors import DatabaseError

WRITE_SECONDS = 2.0
MOST = 50_000
"""Uses that wait to be written; those beyond are noted at the next request."""


class Touches:
    """One a process. ``run`` it until it is cancelled, or ``write`` by hand."""

    def __init__(self, directory: Directory, every: timedelta = TOUCHED_EVERY) -> None:
        self._directory = directory
        self._every = every
        self._sessions: dict[bytes, datetime] = {}
        self._keys: dict[str, datetime] = {}

    def note_session(self, id_hash: bytes, seen_at: datetime, now: datetime) -> None:
        """It is in use; ``seen_at`` is what the database says of that."""
        if now - seen_at >= self._every and len(self._sessions) < MOST:
            self._sessions[id_hash] = now

    def note_key(self, name: str, used_at: datetime | None, now: datetime) -> None:
        """The same of an API key, which may never have been used."""
        if (used_at is None or now - used_at >= self._every) and len(self._keys) < MOST:
            self._keys[name] = now

    async def write(self) -> None:
        """Write what was noted. Raises what the directory raises: then it waits for the next time."""
        sessions, keys = self._sessions, self._keys
        self._sessions, self._keys = {}, {}
        try:
            if sessions:
                await self._directory.sessions.touch(sessions, self._every)
            if keys:
                await self._directory.api_keys.touch(keys, self._every)
        except BaseException:
            self._sessions, self._keys = {**sessions, **self._sessions}, {**keys, **self._keys}
            raise

    async def run(self) -> None:
        """Write every two seconds, and a last time when cancelled."""
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                with suppress(DatabaseError):
                    await self.write()
        finally:
            with suppress(DatabaseError):
                await self.write()
