"""Whether tenants are kept apart, as the doctor sees it, asked anew from time to time while the server runs."""

import asyncio

import structlog

from db.doctor import ANSWERS, examine_isolation
from db.tasks import RUNS, end

KEPT_SECONDS = 60.0
AGAIN_SECONDS = 5.0
"""Until it is asked again where something is wrong, or nobody answered."""
_log = structlog.get_logger()


class Isolation:
    """One a process; to be stopped. Only who asks first waits: a busy database makes a verdict old, and not a server
    that is not ready.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._sound: bool | None = None
        self._until = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def is_sound(self) -> bool:
        """The newest verdict; false while there is none. What is not sound is in the log."""
        due = asyncio.get_running_loop().time() >= self._until
        if due and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look())
        if self._sound is None and self._looking is not None:
            await asyncio.shield(self._looking)
        return bool(self._sound)

    async def stop(self) -> None:
        if self._looking is not None:
            await end(self._looking)

    async def _look(self) -> None:
        kept = AGAIN_SECONDS
        try:
            ill = [finding.check for finding in await examine_isolation(self._dsn) if not finding.ok]
            if ANSWERS not in ill:  # else it is away, which is told beside
                self._sound = not ill
            RUNS["isolation", "failed" if ill else "done"] += 1
            if ill:
                _log.error("isolation_not_sound", checks=ill)
            else:
                kept = KEPT_SECONDS
        except Exception as error:  # a verdict that cannot be had is asked for again
            _log.error("isolation_not_examined", exc_info=error)
            RUNS["isolation", "failed"] += 1
        self._until = asyncio.get_running_loop().time() + kept
