"""The doors to a tenant's rows: the only file that takes a tenant's connection.

A ``TenantReader`` runs single statements on pooled connections that carry the reader's tenant; it holds none in
between, save inside ``with reader:``. A ``TenantSnapshot`` reads from one point in time. A ``TenantWriter`` is one
transaction: rows, event-log entries and audit record commit together when its block ends, or not at all. Row-level
security stands underneath; the predicate ``tenant_id = $n`` stands in every statement too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import asyncpg

from db.audit_records import Actor, AuditDraft
from db.deadlines import LATE, Deadline, seconds_left
from db.errors import DatabaseAway, DatabaseError, QueryTimeout
from db.events import APPEND, EventDraft, Position, append_values
from db.folding import fold, is_due
from db.outage import AWAY, AWAY_TEXT
from db.pool import Slot, TenantPool
from db.scopes import EVERY_ROW, RowScope
from db.sending import STALE, Observer, begin, send
from db.statements import Statement

Row = asyncpg.Record
Announce = Callable[["TenantId", Position], None]
"""Told, after a commit, which tenant's log reaches how far: the hub's ear."""


@dataclass(frozen=True, slots=True)
class TenantId:
    """A tenant whose rows the bearer may see. Minted by ``auth/authenticate.py`` alone."""

    hex: str


MOST_STALE = 1_000
"""Connections that one read may find stale, more than a pool has."""
SNAPSHOT_SECONDS = 10.0
"""For how long a snapshot may hold its connection."""
_LATE = "The snapshot was held past its deadline."
_CONNECTION_SAW: tuple[type[BaseException], ...] = (asyncpg.PostgresError, DatabaseError, *AWAY)
"""Errors after which a connection is not trusted again; a refusal by a rule above is not one of them."""


class TenantReader:
    """Reads one tenant's rows; cheap to make. Inside ``with reader:`` the first statement's connection is kept for the
    next ones, until the block ends: for statements that follow each other at once, never for waiting.
    """

    __slots__ = ("_keeps", "_kept", "_observer", "_pool", "deadline", "scope", "tenant")

    def __init__(
        self,
        pool: TenantPool,
        tenant: TenantId,
        observer: Observer | None = None,
        scope: RowScope = EVERY_ROW,
        deadline: Deadline | None = None,
    ) -> None:
        self.deadline = deadline
        self._pool = pool
        self._observer = observer
        self._keeps = False
        self._kept: Slot | None = None
        self.tenant = tenant
        self.scope = scope

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        """Run one statement; ``tenant`` and the scope's ``holder`` are filled in. Raises BadValue, QueryTimeout,
        PoolExhausted.
        """
        values["tenant"], values["holder"] = self.tenant.hex, self.scope.holder
        for tries_left in range(MOST_STALE, -1, -1):
            # Out of the reader's hand while it is used: no second task can meet it there.
            slot, self._kept = self._kept, None
            if slot is None:
                seconds_left(self.deadline)  # else nothing is borrowed
                slot = await self._pool.lend(self.tenant.hex)
            try:
                rows = await send(slot, statement, values, self._observer, self.deadline)
            except BaseException as error:
                self._pool.discard(slot)
                # Prepared before the tables changed, perhaps on each of the connections: reading again harms nobody.
                if not (tries_left and isinstance(error, STALE)):
                    raise
                continue
            if self._keeps and self._kept is None:
                self._kept = slot
            else:
                self._pool.take_back(slot)
            return rows
        raise AssertionError("unreachable")

    def __enter__(self) -> "TenantReader":
        self._keeps = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        slot, self._kept, self._keeps = self._kept, None, False
        if slot is not None:
            self._pool.take_back(slot)


class TenantSnapshot(TenantReader):
    """Reads one tenant's rows as they stood at one point: ``async with`` takes a connection and begins a transaction
    that only reads; its first statement sets the point. Statements sent at once run one after the other.

    The connection is held for ``seconds`` at most: then it is cut, and reading raises QueryTimeout.
    """

    __slots__ = ("_broken", "_deadline", "_late", "_lock", "_seconds", "_slot")

    def __init__(
        self,
        pool: TenantPool,
        tenant: TenantId,
        observer: Observer | None = None,
        scope: RowScope = EVERY_ROW,
        seconds: float = SNAPSHOT_SECONDS,
    ) -> None:
        super().__init__(pool, tenant, observer, scope)
        self._seconds = seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._lock = asyncio.Lock()
        self._slot: Slot | None = None
        self._broken = self._late = False

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        """Run one statement at the snapshot's point, filled in as above. Raises BadValue, QueryTimeout,
        DatabaseAway; after any of them nothing more can be read in the block.
        """
        values["tenant"], values["holder"] = self.tenant.hex, self.scope.holder
        async with self._lock:
            slot = self._slot
            if slot is None:
                raise QueryTimeout(_LATE) if self._late else RuntimeError("the snapshot is used outside its block")
            try:
                return await send(slot, statement, values, self._observer)
            except BaseException as error:
                self._broken = True
                if self._late and isinstance(error, DatabaseAway):
                    raise QueryTimeout(_LATE) from error
                if isinstance(error, STALE):  # a new snapshot finds another connection
                    raise DatabaseAway(AWAY_TEXT) from error
                raise

    async def __aenter__(self) -> "TenantSnapshot":
        slot = await self._pool.lend(self.tenant.hex)
        await begin(self._pool, slot, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._slot = slot
        self._deadline = asyncio.get_running_loop().call_later(self._seconds, self._cut)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        slot, self._slot = self._slot, None
        if slot is None:
            return
        if self._broken or self._lock.locked() or (kind is not None and not issubclass(kind, Exception)):
            self._pool.discard(slot)
            return
        try:
            await slot.connection.execute("COMMIT")
        except BaseException as failure:
            self._pool.discard(slot)
            if not isinstance(failure, Exception):
                raise
            return  # what was read is read
        self._pool.take_back(slot)

    def _cut(self) -> None:
        slot, self._slot, self._late = self._slot, None, True
        if slot is not None:
            self._pool.discard(slot)


class TenantWriter:
    """One transaction of one tenant: ``async with`` begins it; leaving the block commits what was recorded, or
    nothing.
    """

    __slots__ = (
        *("_actor", "_announce", "_audits", "_deadline", "_events", "_observer", "_pool", "_slot"),
        *("position", "scope", "tenant"),
    )

    def __init__(
        self,
        pool: TenantPool,
        tenant: TenantId,
        actor: Actor,
        announce: Announce | None = None,
        observer: Observer | None = None,
        scope: RowScope = EVERY_ROW,
        *,
        deadline: Deadline | None = None,
    ) -> None:
        self._deadline = deadline
        self._pool = pool
        self._actor = actor
        self._announce = announce
        self._observer = observer
        self._slot: Slot | None = None
        self._events: list[EventDraft] = []
        self._audits: list[AuditDraft] = []
        self.tenant = tenant
        self.scope = scope
        self.position: Position | None = None
        """Where the log stands after the commit; None before it, and when nothing was recorded."""

    @property
    def actor(self) -> Actor:
        return self._actor

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        """Run one statement inside the transaction, filled in as a reader does."""
        values["tenant"], values["holder"] = self.tenant.hex, self.scope.holder
        return await send(self._lent(), statement, values, self._observer, self._deadline)

    def record(self, event: EventDraft) -> None:
        """Log a change; it is written last, with its number, when the block ends."""
        self._events.append(event)

    def audit(self, audit: AuditDraft) -> None:
        self._audits.append(audit)

    async def __aenter__(self) -> "TenantWriter":
        seconds_left(self._deadline)
        slot = await self._pool.lend(self.tenant.hex)
        await begin(self._pool, slot, "BEGIN")
        self._slot = slot
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        slot, self._slot = self._lent(), None
        try:
            if kind is not None or not (self._events or self._audits):
                await slot.connection.execute("ROLLBACK")
            else:
                position = await self._append_and_commit(slot)
                self.position = position if self._events else None
        except BaseException as failure:
            self._pool.discard(slot)
            if isinstance(failure, TimeoutError) and kind is None:
                raise QueryTimeout(LATE) from failure
            if isinstance(failure, AWAY) and kind is None:
                raise DatabaseAway(AWAY_TEXT) from failure
            if kind is None or not isinstance(failure, AWAY):
                raise
            return  # the block's own error tells more than a rollback that found nobody
        if self.position is not None:
            sound = await self._committed(slot, self.position)
        else:
            sound = kind is None or (issubclass(kind, Exception) and not issubclass(kind, _CONNECTION_SAW))
        if sound:
            self._pool.take_back(slot)
        else:
            self._pool.discard(slot)

    async def _committed(self, slot: Slot, position: Position) -> bool:
        """Tell of it, and fold where it is for this writer to do; whether the connection can still be trusted."""
        if self._announce is not None:
            self._announce(self.tenant, position)
        try:
            return not is_due(position.seq, len(self._events)) or await fold(slot, self.tenant.hex)
        except BaseException:
            self._pool.discard(slot)
            raise

    async def _append_and_commit(self, slot: Slot) -> Position:
        actor = self._actor
        if self._observer is not None:
            self._observer(APPEND)
        append = await slot.prepared(APPEND)
        values = append_values(self.tenant.hex, self._events, self._audits, actor)
        # May wait for the tenant's head. From here on it is over soon: nobody ends it in the middle.
        row: Any = await append.fetchrow(*values, timeout=seconds_left(self._deadline))  # Any: the driver is untyped
        position = Position(row["seq"], row["ts"])
        actor.wrote, actor.position = True, None
        await slot.connection.execute("COMMIT")
        actor.recorded, actor.position = actor.recorded or bool(self._audits), position
        return position

    def _lent(self) -> Slot:
        if self._slot is None:
            raise RuntimeError("the writer is used outside its block")
        return self._slot
