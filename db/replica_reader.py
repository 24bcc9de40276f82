"""The reader of a query where there is a replica: it asks there what may be read there, and the primary the rest."""

import asyncio
from types import TracebackType

from db.deadlines import Deadline
from db.errors import BadValue
from db.events import Position, head_of
from db.pool import TenantPool
from db.recent_writes import FAR, later, reaches
from db.replica import FAILURES, Replica
from db.scopes import RowScope
from db.sending import Observer
from db.statements import Statement
from db.tenancy import Row, TenantId, TenantReader

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.016


class ReplicaReader(TenantReader):
    """As ``TenantReader``. ``wanted``: so far must the tenant's log reach where it reads.

    Its first statement waits for that at the replica, for a short time. Once a statement went to the primary all that
    follow do: an operation never goes back in time.
    """

    __slots__ = ("_replica", "_standby", "_wanted")

    def __init__(
        self,
        replica: Replica,
        primary: TenantPool,
        tenant: TenantId,
        *,
        wanted: Position | None,
        observer: Observer | None,
        scope: RowScope,
        deadline: Deadline | None,
    ) -> None:
        super().__init__(primary, tenant, observer, scope, deadline)
        self._replica = replica
        self._wanted = wanted
        self._standby: TenantReader | None = TenantReader(replica.pool, tenant, observer, scope, deadline)

    @property
    def primary(self) -> TenantReader:
        """Sees all that is committed."""
        return TenantReader(self._pool, self.tenant, self._observer, self.scope, self.deadline)

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        """As a reader does; what the replica throws is asked of the primary."""
        standby, replica = self._standby, self._replica
        if standby is not None:
            try:
                reason = replica.why_not() or await self._missing()
                if reason is None:
                    rows = await standby.fetch(statement, **values)
                    replica.reads["replica"] += 1
                    return rows
            except BadValue:
                raise
            except FAILURES as error:
                reason = replica.failed(error)
            self._leave(reason)
        replica.reads["primary"] += 1
        return await super().fetch(statement, **values)

    def __enter__(self) -> "ReplicaReader":
        if self._standby is not None:
            self._standby.__enter__()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._standby is not None:
            self._standby.__exit__(kind, error, trace)
        super().__exit__(kind, error, trace)

    def _leave(self, reason: str) -> None:
        standby, self._standby = self._standby, None
        if standby is not None:  # statements that go on at once may have met the same
            self._replica.passed_on[reason] += 1
            standby.__exit__(None, None, None)

    async def _missing(self) -> str | None:
        """The reason when the replica does not have the caller's position, nor gets it in time."""
        wanted, replica, tenant = self._wanted, self._replica, self.tenant.hex
        if wanted is None or replica.has_reached(tenant, wanted):
            return None
        if wanted.seq < FAR.seq and await self._is_reached(wanted):
            return None
        return "position"

    async def _is_reached(self, wanted: Position) -> bool:
        """Asks with connections of its own: none is held while it waits."""
        replica, loop, pause = self._replica, asyncio.get_running_loop(), _FIRST_PAUSE
        seconds = replica.wait_seconds if replica.is_worth_waiting_for else 0
        until = loop.time() + seconds
        while True:
            head = await head_of(TenantReader(replica.pool, self.tenant, self._observer, deadline=self.deadline))
            if head is not None:
                replica.note_reached(self.tenant.hex, head)
                if reaches(head, wanted):
                    return True
            if loop.time() + pause > until:
                if seconds:
                    replica.waited_in_vain()
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def wanted_by(replica: Replica, tenant: TenantId, user: str, seen: Position | None) -> Position | None:
    """How far the log has to reach for this caller: what it wrote lately, and what it was shown (``seen``)."""
    wrote = replica.writes.of(tenant.hex, user)
    if wrote is None or seen is None:
        return wrote or seen
    return later(wrote, seen)
