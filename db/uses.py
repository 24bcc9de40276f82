"""Counts how much each tenant uses each registered document: one writer a process, one statement for many uses.

Theory of operation
- ``note`` adds to a count in memory. Every ``EVERY_SECONDS`` what has gathered is added to the rows, in one statement.
- While the database is away counts go on growing, which takes no more room: there is one for each document and tenant.
  Beyond ``MOST`` of them the uses of a new one go to the log instead: nothing is dropped in silence.
- ``stop`` writes what has gathered, for ``STOP_SECONDS`` at most; the rest goes to the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from db.clock import Clock, utc_now
from db.durations import PLACES, place_of
from db.errors import DatabaseError
from db.tasks import RUNS, end

EVERY_SECONDS = 5.0
STOP_SECONDS = 5.0
MOST = 20_000
MOST_TOLD, OTHERS = 500, "others"
"""Documents that the totals know apart; what is more is one."""
_log = structlog.get_logger()


@dataclass(slots=True)
class Use:
    """What one tenant's uses of one document come to."""

    document_id: str
    tenant_id: str
    first_at: datetime
    last_at: datetime
    count: int = 0
    durations: list[int] = field(default_factory=lambda: [0] * PLACES)
    spent: float = 0.0
    """Seconds of all of them; kept by the process alone."""

    def add(self, other: "Use") -> None:
        self.first_at, self.last_at = min(self.first_at, other.first_at), max(self.last_at, other.last_at)
        self.count += other.count
        self.spent += other.spent
        self.durations = [a + b for a, b in zip(self.durations, other.durations, strict=True)]

    def columns(self) -> dict[str, object]:
        return {
            "document_id": self.document_id,
            "tenant_id": self.tenant_id,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "count": self.count,
            "durations": self.durations,
        }


Add = Callable[[Sequence[Use]], Awaitable[None]]
"""Adds them to what is written, all or none (``db/documents.py``)."""


class Uses:
    """``note`` is called on the event loop, between ``start`` and ``stop``."""

    def __init__(self, add: Add, clock: Clock = utc_now, every: float = EVERY_SECONDS, most: int = MOST) -> None:
        self._add = add
        self._clock = clock
        self._every = every
        self._most = most
        self._gathered: dict[tuple[str, str], Use] = {}
        self.totals: dict[str, Use] = {}
        """What this process has written, by document."""
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._failing = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        self._over.set()
        if self._task is not None:  # one that writes is let finish: what was cancelled would be written twice
            await asyncio.wait({self._task}, timeout=STOP_SECONDS)
            await end(self._task)
        for use in self._gathered.values():
            _log.error("document_uses_uncounted", reason="stopped", use=use.columns())

    def note(self, document_id: str, tenant_id: str, seconds: float | None) -> None:
        """Count a use; ``seconds`` is None for what has no duration, as a stream."""
        key, now = (document_id, tenant_id), self._clock()
        use = self._gathered.get(key)
        if use is None:
            use = Use(document_id, tenant_id, now, now)
            if len(self._gathered) < self._most:
                self._gathered[key] = use
            else:
                _log.error("document_uses_uncounted", reason="too many", document_id=document_id, tenant_id=tenant_id)
        use.last_at = now
        use.count += 1
        if seconds is not None:
            use.durations[place_of(seconds)] += 1
            use.spent += seconds

    async def settle(self) -> None:
        """Write what has gathered, if the database takes it now."""
        if not self._gathered:
            return
        batch, self._gathered = self._gathered, {}
        try:
            await self._add(list(batch.values()))
        except BaseException as error:
            self._take_back(batch)
            if not isinstance(error, DatabaseError):
                raise
            if not self._failing:
                _log.warning("document_uses_behind", error=type(error).__name__)
            self._failing = True
            RUNS["document_uses", "failed"] += 1
            return
        self._failing = False
        RUNS["document_uses", "done"] += 1
        self._add_up(batch.values())

    def _add_up(self, batch: Iterable[Use]) -> None:
        for use in batch:
            known = use.document_id in self.totals or len(self.totals) < MOST_TOLD
            id = use.document_id if known else OTHERS
            total = self.totals.setdefault(id, Use(id, "", use.first_at, use.last_at))
            total.add(use)

    def _take_back(self, batch: dict[tuple[str, str], Use]) -> None:
        for key, use in self._gathered.items():
            if key in batch:
                batch[key].add(use)
            else:
                batch[key] = use
        self._gathered = batch

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._over.wait()
            try:
                await self.settle()
            except Exception as error:  # whatever it is: what has gathered waits, and the writer goes on
                _log.error("unexpected_error", exc_info=error)
            if self._over.is_set():
                return
