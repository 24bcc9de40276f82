"""A pool of connections that each remember which tenant they carry.

Ours, because a general pool resets a connection at every release (a round trip of 0.1 ms) and knows nothing of
tenants. Rules:

1. A connection is lent to one borrower at a time and carries one tenant; the setting is changed only when it changes
   hands, in autocommit, never inside a transaction (a rollback would bring the tenant before back).
2. A connection that saw an error or a cancellation is thrown away, never lent again.
3. Waiting is bounded, and first come, first served, save that a connection goes to a waiter of the tenant it carries
   before one that came earlier: at most ``MOST_PASSED`` go before the first in line.

Only ``db/tenancy.py`` borrows from it.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from db.errors import DatabaseAway, PoolExhausted
from db.outage import AWAY, AWAY_TEXT
from db.tables import TENANT_SETTING

_SET_TENANT = f"SELECT set_config('{TENANT_SETTING}', $1, false)"
STATEMENTS_KEPT = 500
"""Prepared statements of a connection; the least recently used go first."""


MOST_PASSED = 4
"""How many may be served before the first in line because the connection that came free carried their tenant."""


class Slot:
    """One connection, the tenant it carries (hex; None when fresh) and what is prepared on it."""

    __slots__ = ("_prepared", "_protocol", "connection", "tenant")

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        # The driver's own: what it does below its statements' ``fetch``. A connection that is cut forgets it.
        self._protocol: Any = connection._protocol  # type: ignore[attr-defined]  # Any: its stubs do not tell of it
        self.tenant: str | None = None
        self._prepared: OrderedDict[str, PreparedStatement] = OrderedDict()

    async def prepared(self, sql: str, seconds: float | None = None) -> PreparedStatement:
        """The statement, prepared once: the driver's own cache costs as much again as a small statement. That may wait
        for a lock: TimeoutError after ``seconds``.
        """
        found = self.known(sql)
        if found is None:
            found = self._prepared[sql] = await self.connection.prepare(sql, timeout=seconds)
            if len(self._prepared) > STATEMENTS_KEPT:
                self._prepared.popitem(last=False)
        return found

    def known(self, sql: str) -> PreparedStatement | None:
        """The statement, if it is prepared."""
        found = self._prepared.get(sql)
        if found is not None:
            self._prepared.move_to_end(sql)
        return found

    def execute(
        self, statement: PreparedStatement, args: Sequence[object], seconds: float | None
    ) -> Coroutine[Any, Any, tuple[list[asyncpg.Record], bytes, bool]]:  # Any: as a coroutine has it
        """What ``statement.fetch`` awaits below four functions of its own, which cost as much as sending it does. They
        ask whether the connection is open, as its protocol does again, and mend what a connection keeps whose tables
        changed, which is thrown away here.
        """
        state: Any = statement._state  # type: ignore[attr-defined]  # Any: as above
        return self._protocol.bind_execute(state, args, "", 0, True, seconds)  # type: ignore[no-any-return]


class _Waiter:
    """Who waits: for which tenant, until when (the loop's time), and how many went before it."""

    __slots__ = ("deadline", "found", "passed", "tenant")

    def __init__(self, tenant: str, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.tenant = tenant
        self.found: asyncio.Future[Slot | None] = loop.create_future()
        self.deadline = loop.time() + seconds
        self.passed = 0


class TenantPool:
    """``lend`` and exactly one of ``take_back`` (healthy) or ``discard`` (saw an error)."""

    def __init__(
        self, connect: Callable[[], Awaitable[asyncpg.Connection]], size: int, wait_seconds: float = 5.0
    ) -> None:
        self._connect = connect
        self.size = size
        self._wait_seconds = wait_seconds
        self._idle: dict[Slot, None] = {}
        """The longest rested first."""
        self._idle_of: dict[str | None, list[Slot]] = {}
        """The same by the tenant they carry."""
        self._open = 0
        self._waiting: deque[_Waiter] = deque()
        """The first to come first, and so the first whose time is over."""
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False

    @property
    def in_use(self) -> int:
        """Connections lent out now."""
        return self._open - len(self._idle)

    @property
    def waiting(self) -> int:
        """Who waits for a connection now."""
        return sum(not waiter.found.done() for waiter in self._waiting)

    async def lend(self, tenant: str) -> Slot:
        """A connection that carries ``tenant``. Raises PoolExhausted, DatabaseAway."""
        slot = self._idle_slot(tenant) or await self._new_or_waited(tenant)
        if slot.tenant != tenant:
            try:
                await (await slot.prepared(_SET_TENANT)).fetchval(tenant)
            except BaseException as error:
                self.discard(slot)
                if isinstance(error, AWAY):
                    raise DatabaseAway(AWAY_TEXT) from error
                raise
            slot.tenant = tenant
        return slot

    def take_back(self, slot: Slot) -> None:
        if self._closing or slot.connection.is_closed():
            self.discard(slot)
        elif not self._hand_over(slot):
            self._idle[slot] = None
            self._idle_of.setdefault(slot.tenant, []).append(slot)

    def discard(self, slot: Slot) -> None:
        """Close without ceremony; a waiter inherits the seat and opens a new connection on it."""
        slot.connection.terminate()
        self._give_up_seat()

    async def close(self) -> None:
        """Close what is idle now and what is lent out when it comes back."""
        self._closing = True
        if self._timer is not None and not self._waiting:
            self._timer.cancel()
        idle, self._idle, self._idle_of = self._idle, {}, {}
        self._open -= len(idle)
        await asyncio.gather(*(slot.connection.close() for slot in idle), return_exceptions=True)

    def _idle_slot(self, tenant: str) -> Slot | None:
        while self._idle:
            # Newest first for the tenant itself; else the one that has rested longest, so that busy tenants keep
            # theirs.
            own = self._idle_of.get(tenant)
            slot = own.pop() if own else self._idle_of[next(iter(self._idle)).tenant].pop(0)
            del self._idle[slot]
            if not self._idle_of[slot.tenant]:
                del self._idle_of[slot.tenant]
            if not slot.connection.is_closed():
                return slot
            self._open -= 1
        return None

    async def _new_or_waited(self, tenant: str) -> Slot:
        if self._open < self.size:
            self._open += 1
        elif (slot := await self._wait(tenant)) is not None:
            return slot
        try:
            return Slot(await self._connect())
        except BaseException as error:
            self._give_up_seat()
            if isinstance(error, AWAY):
                raise DatabaseAway(AWAY_TEXT) from error
            raise

    async def _wait(self, tenant: str) -> Slot | None:
        loop = asyncio.get_running_loop()
        waiter = _Waiter(tenant, loop, self._wait_seconds)
        self._waiting.append(waiter)
        if self._timer is None:  # one for all: a timer for each would cost more than most waits last
            self._timer = loop.call_at(waiter.deadline, self._end_waiting)
        try:
            return await waiter.found
        except asyncio.CancelledError:
            if waiter.found.done() and not waiter.found.cancelled():
                self._give_on(waiter.found.result())
            raise

    def _end_waiting(self) -> None:
        """Tell those whose time is over; look again when the next one's is."""
        self._timer, loop = None, asyncio.get_running_loop()
        while self._waiting:
            waiter = self._waiting[0]
            if not waiter.found.done():
                if waiter.deadline > loop.time():
                    self._timer = loop.call_at(waiter.deadline, self._end_waiting)
                    return
                text = f"no database connection came free within {self._wait_seconds:g} s"
                waiter.found.set_exception(PoolExhausted(text))
            self._waiting.popleft()

    def _give_on(self, slot: Slot | None) -> None:
        """What a waiter was handed while it gave up goes to the next one."""
        if slot is not None:
            self.take_back(slot)
        else:
            self._give_up_seat()

    def _give_up_seat(self) -> None:
        """A seat goes to the next waiter still taken, so that no newcomer slips in between; else it is free."""
        if not self._hand_over(None):
            self._open -= 1

    def _hand_over(self, slot: Slot | None) -> bool:
        while self._waiting:
            waiter = self._next_for(slot)
            if not waiter.found.done():
                waiter.found.set_result(slot)
                return True
        return False

    def _next_for(self, slot: Slot | None) -> _Waiter:
        """Out of the line: a waiter of the tenant that the connection carries, else the first."""
        first = self._waiting[0]
        if slot is not None and first.tenant != slot.tenant and first.passed < MOST_PASSED:
            for index, waiter in enumerate(self._waiting):
                if waiter.tenant == slot.tenant and not waiter.found.done():
                    first.passed += 1
                    del self._waiting[index]
                    return waiter
        return self._waiting.popleft()
