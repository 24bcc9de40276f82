"""Opens the connections and hands out the doors."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from db.audit_records import Actor
from db.codecs import set_codecs
from db.deadlines import Deadline
from db.directory import Directory
from db.errors import DatabaseError
from db.events import Position
from db.migrations.head import serves
from db.pool import TenantPool
from db.replica import Replica
from db.replica_reader import ReplicaReader, wanted_by
from db.scopes import EVERY_ROW, RowScope
from db.sending import Observer
from db.shared_reads import Asked, SharedReader
from db.tables import RUNTIME_ROLE
from db.tenancy import Announce, TenantId, TenantReader, TenantSnapshot, TenantWriter

STATEMENT_SECONDS = 10.0
HANG_UP_CHECK = "500ms"
"""How often PostgreSQL looks whether who asked is still there: a connection that is thrown away ends its statement."""


class Database:
    """The pool of tenant connections and the directory; opened once a process."""

    def __init__(self, pool: TenantPool, directory: Directory, seconds: float = STATEMENT_SECONDS) -> None:
        self.pool = pool
        self._seconds = seconds
        self.directory = directory
        self.replica: Replica | None = None
        """Where queries may read too; None where there is none."""
        self.observer: Observer | None = None
        self.on_commit: Announce | None = None
        self._asked: Asked = {}
        self._snapshots = asyncio.Semaphore(max(1, pool.size // 2))

    @classmethod
    async def open(
        cls, dsn: str, *, size: int = 10, directory_size: int = 4, seconds: float = STATEMENT_SECONDS
    ) -> "Database":
        """Opens nothing yet but the directory; tenant connections come as they are needed, at most ``size``. No
        statement runs for longer than ``seconds``, whoever sends it.
        """
        directory = await Directory.open(dsn, directory_size)
        return cls(TenantPool(_connector(dsn, seconds), size), directory, seconds)

    async def open_replica(self, dsn: str, primary: str, *, lag_seconds: float, wait_seconds: float) -> Replica:
        """Let queries read at a standby of ``primary`` that is behind by ``lag_seconds`` at most. Once, before the
        first query; as many connections as there are to the primary. One that is away is no error.
        """
        connect = _connector(dsn, self._seconds), _connector(primary, self._seconds)
        self.replica = Replica(*connect, self.pool.size, lag_seconds=lag_seconds, wait_seconds=wait_seconds)
        await self.replica.start()
        return self.replica

    async def close(self) -> None:
        if self.replica is not None:
            await self.replica.close()
        await self.pool.close()
        await self.directory.close()

    def deadline(self, seconds: float) -> Deadline:
        """For an operation that begins now."""
        return Deadline(seconds, bounded=seconds >= self._seconds)

    def reader(self, tenant: TenantId, scope: RowScope = EVERY_ROW, deadline: Deadline | None = None) -> TenantReader:
        return TenantReader(self.pool, tenant, self.observer, scope, deadline)

    def query_reader(
        self, tenant: TenantId, user: str, scope: RowScope, deadline: Deadline, seen: Position | None = None
    ) -> TenantReader:
        """For a query of this user: at the replica, if there is one that holds what the user wrote and saw."""
        if self.replica is None:
            return self.reader(tenant, scope, deadline)
        wanted = wanted_by(self.replica, tenant, user, seen)
        return ReplicaReader(
            *(self.replica, self.pool, tenant), wanted=wanted, observer=self.observer, scope=scope, deadline=deadline
        )

    def shared_reader(self, tenant: TenantId, scope: RowScope = EVERY_ROW) -> SharedReader:
        """For what many ask at one moment: it is read once."""
        return SharedReader(self.pool, tenant, self.observer, scope, self._asked)

    @asynccontextmanager
    async def snapshot(self, tenant: TenantId, scope: RowScope = EVERY_ROW) -> AsyncIterator[TenantSnapshot]:
        """``async with database.snapshot(…) as reader:`` reads from one point in time, for ten seconds at most.
        Snapshots take at most half of the connections; more of them wait their turn. Raises PoolExhausted,
        DatabaseAway.
        """
        async with self._snapshots, TenantSnapshot(self.pool, tenant, self.observer, scope) as reader:
            yield reader

    def writer(
        self, tenant: TenantId, actor: Actor, scope: RowScope = EVERY_ROW, deadline: Deadline | None = None
    ) -> TenantWriter:
        """``async with database.writer(…) as writer:`` is one transaction."""
        return TenantWriter(self.pool, tenant, actor, self.on_commit, self.observer, scope, deadline=deadline)

    async def ready(self) -> dict[str, bool]:
        """What readiness asks: is PostgreSQL answering, and does its schema hold what this code needs?"""
        try:
            revision = await self.directory.schema_revision()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseError):
            return {"database": False, "migrations": False}
        return {"database": True, "migrations": serves(revision)}


def _connector(dsn: str, seconds: float) -> Callable[[], Awaitable[asyncpg.Connection]]:
    async def connect() -> asyncpg.Connection:
        connection = await asyncpg.connect(
            dsn,
            timeout=10,
            server_settings={
                "role": RUNTIME_ROLE,
                "application_name": "tidegate",
                "timezone": "UTC",
                # A page takes under a millisecond: compiling its plan to machine code never pays.
                "jit": "off",
                "statement_timeout": f"{math.ceil(seconds * 1000)}ms",
                "client_connection_check_interval": HANG_UP_CHECK,
                "idle_in_transaction_session_timeout": "60s",
                # What is written here is counted by its entry in the log (db/folding.py).
                "tidegate.tally": "log",
            },
        )
        await set_codecs(connection)
        return connection

    return connect
