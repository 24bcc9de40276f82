"""The replica: a streaming standby of the database, which queries may read while it is fresh enough.

*Fresh enough* is proven, and needs no clocks that agree: the watch writes down how far the primary was at a moment of
ours (``Mark``); a standby that has replayed so far holds everything that was committed before that moment.
What is read from it is therefore never older than the time since the newest moment that is proven, and past
``lag_seconds`` nobody reads there.

The watch alone decides that the replica is back: reads that fail there send everybody to the primary until it has
looked. A standby that goes silent is noticed by a question, and its connections are cut, so that whoever waits for it
goes on at the primary. All connections are to the server that the watch looks at: behind an address that leads to
several, no two statements of an operation meet one that is ahead and one that is behind.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from weakref import WeakSet

import asyncpg
import structlog

from db.errors import DatabaseAway, DatabaseError, PoolExhausted, QueryTimeout
from db.events import Position
from db.outage import AWAY, AWAY_TEXT
from db.pool import TenantPool
from db.recent_writes import RecentWrites, later, reaches
from db.tasks import end

Connect = Callable[[], Awaitable[asyncpg.Connection]]
LOOK_SECONDS = 0.5
"""Between two looks at the replica; less where ``lag_seconds`` is short."""
LONGEST_PAUSE = 5.0
"""The same while it is away."""
ANSWER_SECONDS = 1.0
"""How long it may take to connect, and to answer the watch."""
REASONS = ("away", "busy", "conflict", "lag", "position", "refused", "timeout")
"""Why a read goes to the primary: the replica cannot be reached; no connection came free; its replay took away what the
statement saw; it is too far behind; it has not reached the caller's position; it threw anything else; the statement ran
too long.
"""
FAILURES: tuple[type[Exception], ...] = (DatabaseError, asyncpg.PostgresError, *AWAY)
_MARKS = 200
_TENANTS = 20_000
WRITTEN = """
SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint, system_identifier
FROM pg_control_system()
"""
REPLAYED = """
SELECT coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint, system_identifier,
    pg_is_in_recovery(), pg_postmaster_start_time()
FROM pg_control_system()
"""
_WHICH = "SELECT pg_postmaster_start_time()"
_log = structlog.get_logger()


class Mark(NamedTuple):
    """How far the primary was: its log on disk, and the first transaction that was not over (``WRITTEN``).

    Either is proof alone. The end of the log may lie within a record that nobody waits for, and so stay out of a
    standby's reach for as long as nobody writes.
    """

    log_end: int
    first_open: int

    def is_held_by(self, replayed: int, first_open: int) -> bool:
        """Whether a standby that answers ``REPLAYED`` so holds all that was committed then."""
        return replayed >= self.log_end or first_open >= self.first_open


class _Line:
    """A connection that is kept to ask one thing, and opened again when it was lost."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: asyncpg.Connection | None = None

    async def ask(self, question: str) -> asyncpg.Record:
        """The one row. Raises FAILURES."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._connection is None:
                    self._connection = await self._connect()
                return (await self._connection.fetch(question))[0]
        except BaseException:
            self.cut()
            raise

    def cut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


class Replica:
    """``start`` it, then ``close`` it; it begins as one that is away. ``size``: connections that carry a tenant."""

    def __init__(
        self, connect: Connect, connect_primary: Connect, size: int, *, lag_seconds: float, wait_seconds: float
    ) -> None:
        self._connect = connect
        self._lag_seconds = lag_seconds
        self.wait_seconds = wait_seconds
        """How long a read waits here, for a connection and for its position, before it goes to the primary."""
        self.pool = TenantPool(self._connected, size, wait_seconds)
        self.writes = RecentWrites(lag_seconds)
        self.reads = Counter(replica=0, primary=0)
        """Statements of queries, by where they were answered."""
        self.passed_on = Counter(dict.fromkeys(REASONS, 0))
        """Operations that went on at the primary, by why."""
        self._standby, self._primary = _Line(connect), _Line(connect_primary)
        self._connections: WeakSet[asyncpg.Connection] = WeakSet()
        self._server: datetime | None = None
        """When the server that the watch looks at was started, which tells it from others; None while it is away."""
        self._reached: dict[str, Position] = {}
        """How far it has each tenant's log, at least."""
        self._marks: deque[tuple[float, Mark]] = deque()
        """Moments, and how far the primary was: those that the replica is not known to have reached."""
        self._begun = self._now()
        self._proven: float | None = None
        """It holds all that was committed before this moment."""
        self._in_vain = 0.0
        self._told: str | None = None
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Looks once now; a replica that is away keeps nobody from starting."""
        await self._examine()
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)
        for line in (self._standby, self._primary):
            line.cut()
        await self.pool.close()

    @property
    def serves(self) -> bool:
        """Whether queries are read here now."""
        return self.why_not() is None

    @property
    def lag(self) -> float:
        """By so many seconds at most is it behind; while it is away, since so long."""
        return self._now() - (self._begun if self._proven is None else self._proven)

    def why_not(self) -> str | None:
        """Why nothing may be read here now."""
        if self._server is None:
            return "away"
        return "lag" if self._proven is None or self.lag > self._lag_seconds else None

    def failed(self, error: Exception) -> str:
        """A read threw that: which reason it is. Where the replica is gone, nobody comes until the watch has looked."""
        if isinstance(error, PoolExhausted):
            return "busy"
        if isinstance(error, QueryTimeout):
            return "timeout"
        if isinstance(error, asyncpg.SerializationError):  # its replay takes away what the statement would see
            return "conflict"
        if not isinstance(error, (DatabaseAway, *AWAY)):
            return "refused"
        self._lose(error)
        self._look.set()
        return "away"

    def has_reached(self, tenant: str, wanted: Position) -> bool:
        """Whether it is known to hold the tenant's log so far: what it has reached it does not lose."""
        known = self._reached.get(tenant)
        return known is not None and reaches(known, wanted)

    def note_reached(self, tenant: str, position: Position) -> None:
        if len(self._reached) >= _TENANTS:
            self._reached.clear()  # asked for again
        known = self._reached.get(tenant)
        self._reached[tenant] = position if known is None else later(position, known)

    @property
    def is_worth_waiting_for(self) -> bool:
        """Not for a while after somebody waited in vain."""
        return self._now() >= self._in_vain

    def waited_in_vain(self) -> None:
        self._in_vain = self._now() + LOOK_SECONDS

    # ── the watch ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        usual = min(LOOK_SECONDS, self._lag_seconds / 4)
        pause = usual
        while True:
            self._look.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._look.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(usual / 10)  # many may have called
            await self._examine()
            pause = usual if self._server is not None else min(pause * 2, LONGEST_PAUSE)

    async def _examine(self) -> None:
        moment, mark, primary = self._now(), None, None
        try:
            *how_far, primary = await self._primary.ask(WRITTEN)
            mark = Mark(*how_far)
        except FAILURES:  # then nothing is proven, and what was proven gets old
            pass
        try:
            *reached, system, in_recovery, server = await self._standby.ask(REPLAYED)
        except FAILURES as error:
            self._lose(error)
            return
        if not in_recovery or primary not in {None, system}:
            self._lose(DatabaseAway("no standby" if not in_recovery else "a standby of another database"))
            return
        self._found(server)
        if mark is not None:
            if len(self._marks) == _MARKS:  # far behind: the newest is enough to tell when it has caught up
                self._marks.pop()
            self._marks.append((moment, mark))
        while self._marks and self._marks[0][1].is_held_by(*reached):
            self._proven = self._marks.popleft()[0]

    def _found(self, server: datetime) -> None:
        if server == self._server:
            return
        self._cut_all()  # to another server, or to one that was started again
        self._server = server
        self._say(None)

    def _lose(self, error: Exception) -> None:
        self._standby.cut()
        self._cut_all()
        self._say(str(error) or type(error).__name__)

    def _cut_all(self) -> None:
        self._server = self._proven = None
        self._marks.clear()
        self._reached.clear()
        for connection in list(self._connections):
            connection.terminate()
        self._connections.clear()

    def _say(self, trouble: str | None) -> None:
        if trouble is not None and self._told != trouble:
            _log.warning("replica_away", error=trouble)
        elif trouble is None:
            _log.info("replica_serves")
        self._told = trouble

    async def _connected(self) -> asyncpg.Connection:
        """A connection to the server that the watch looks at. Raises DatabaseAway, OSError, asyncpg's errors."""
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await self._connect()
            try:
                server = await connection.fetchval(_WHICH)
            except BaseException:
                connection.terminate()
                raise
        if server != self._server:
            connection.terminate()
            raise DatabaseAway(AWAY_TEXT) if self._server is None else PoolExhausted("it leads to another server")
        self._connections.add(connection)
        return connection

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
