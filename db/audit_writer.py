"""Writes audit records apart from the answers that they are about: one writer a process, behind a bounded queue.

Theory of operation
- ``note`` costs the caller an addition to a list. The writer takes what has gathered and writes it in one statement.
- Denials and failures that are alike (``AuditRecord.likeness``) are held for a minute from the first of them on, and
  are one record then, with their count. So nobody fills the trail by asking in vain.
- While the database is away records wait, ``QUEUE`` of them at most. What comes then goes to the log instead, whole,
  and is counted: nothing is dropped in silence. Readiness tells that the trail is behind (``healthy``).
- ``stop`` writes what is held and what waits, for ``STOP_SECONDS`` at most; the rest goes to the log.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from db.audit_records import AuditRecord, Outcome
from db.errors import BadValue, QueryTimeout, Unavailable
from db.tasks import RUNS, end

QUEUE = 10_000
AT_ONCE = 500
GATHER_SECONDS = 0.05
"""How long the writer waits for more, once something waits: one statement for many."""
AGAIN_SECONDS = 1.0
HELD_SECONDS = 60.0
HELD = 2_000
"""Records that are held for others like them; beyond, the oldest is written early."""
STOP_SECONDS = 5.0
_MERGED = frozenset({Outcome.PARTIAL, Outcome.DENIED, Outcome.FAILED})
_log = structlog.get_logger()

Add = Callable[[Sequence[AuditRecord]], Awaitable[None]]
"""Writes records, all or none; again is once (``db/recorder.py``)."""


class AuditWriter:
    """``note`` is called on the event loop, between ``start`` and ``stop``."""

    def __init__(self, add: Add, queue: int = QUEUE, held_seconds: float = HELD_SECONDS) -> None:
        self._add = add
        self._queue = queue
        self._held_seconds = held_seconds
        self._waiting: deque[AuditRecord] = deque()
        self._held: OrderedDict[tuple[object, ...], tuple[float, AuditRecord]] = OrderedDict()
        self._wake, self._quiet = asyncio.Event(), asyncio.Event()
        self._quiet.set()
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self.written = self.unwritten = 0
        """Records so far; those that are ``unwritten`` are in the log."""

    @property
    def waiting(self) -> int:
        """Records that are to be written, held ones among them."""
        return len(self._waiting) + len(self._held)

    @property
    def healthy(self) -> bool:
        """Whether what is noted now will be written soon."""
        return not self._failing and len(self._waiting) < self._queue

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.settle()
        if self._task is not None:
            await end(self._task)
        while self._waiting:
            self._give_up(self._waiting.popleft(), "stopped")

    async def settle(self) -> None:
        """Write all that is held and all that waits; returns when it is done."""
        while self._held:
            self._enqueue(self._held.popitem(last=False)[1][1])
        await self._quiet.wait()

    def note(self, record: AuditRecord) -> None:
        """Have it written."""
        if record.outcome in _MERGED:
            self._hold(record)
        else:
            self._enqueue(record)

    def _hold(self, record: AuditRecord) -> None:
        likeness = record.likeness()
        found = self._held.get(likeness)
        if found is not None:
            found[1].count += record.count
            return
        self._held[likeness] = (asyncio.get_running_loop().time() + self._held_seconds, record)
        if len(self._held) > HELD:
            self._enqueue(self._held.popitem(last=False)[1][1])
        self._wake.set()

    def _enqueue(self, record: AuditRecord) -> None:
        if len(self._waiting) >= self._queue:
            self._give_up(record, "queue full")
            return
        if not self._waiting:  # else the writer knows
            self._quiet.clear()
            self._wake.set()
        self._waiting.append(record)

    def _give_up(self, record: AuditRecord, reason: str) -> None:
        self.unwritten += 1
        _log.error("audit_record_unwritten", reason=reason, record=record.columns())

    async def _keep(self) -> None:
        while True:
            self._let_go()
            if self._waiting:
                await asyncio.sleep(GATHER_SECONDS)
                await self._write([self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))])
                continue
            self._quiet.set()
            await self._pause()

    async def _pause(self) -> None:
        """Until something is noted, or the first that is held is due."""
        due = next(iter(self._held.values()))[0] if self._held else None
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self._wake.wait()
        self._wake.clear()

    def _let_go(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._held and next(iter(self._held.values()))[0] <= now:
            self._enqueue(self._held.popitem(last=False)[1][1])

    async def _write(self, batch: list[AuditRecord]) -> None:
        try:
            await self._add(batch)
        except BadValue:
            await self._write_each(batch)
            return
        except Exception as error:  # whatever it is: the records wait, and the writer goes on
            self._waiting.extendleft(reversed(batch))
            if not self._failing:
                known = isinstance(error, Unavailable | QueryTimeout)
                _log.warning("audit_trail_behind", error=type(error).__name__, exc_info=None if known else error)
            self._failing = True
            RUNS["audit", "failed"] += 1
            await asyncio.sleep(AGAIN_SECONDS)
            return
        except BaseException:
            self._waiting.extendleft(reversed(batch))
            raise
        self._failing = False
        RUNS["audit", "done"] += 1
        self.written += len(batch)

    async def _write_each(self, batch: list[AuditRecord]) -> None:
        """One of them cannot be held by its column: the others are written without it."""
        if len(batch) == 1:
            self._give_up(batch[0], "value")
            return
        for record in batch:
            await self._write([record])
