"""A PostgreSQL of a test's own and a standby that streams from it, both for real: paused, killed, frozen, promoted."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from db.cluster import Cluster, binaries
from db.embedded import Embedded
from db.migrations.run import upgrade
from tests.support.database import Dsns, run_apart

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    # What a standby must have as much of as its primary.
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "max_wal_senders": "4",
    "shared_buffers": "64MB",
    "fsync": "off",
    "timezone": "UTC",
    # What was read there may be taken away at once: tests wait for nothing.
    "max_standby_streaming_delay": "0",
    "wal_retrieve_retry_interval": "100ms",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """``primary`` and ``standby``: the ways into either."""

    primary: Dsns
    standby: Dsns
    cluster: Cluster
    """The standby's."""
    folder: Path

    def start(self) -> None:
        self.cluster.start({**_SETTINGS, "unix_socket_directories": str(self.folder)})

    def signal(self, number: int) -> None:
        """To the standby's server and all of its processes."""
        pid = self.cluster.pid()
        assert pid is not None
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for each in (pid, *map(int, children)):
            os.kill(each, number)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """It answers, and stays as it was."""
        await self.tell_standby("SELECT pg_wal_replay_pause()")
        await self.until_standby("SELECT pg_get_wal_replay_pause_state() = 'paused'")
        try:
            yield
        finally:
            with suppress(asyncpg.ConnectionDoesNotExistError, asyncpg.SerializationError):
                # Replay that goes on may end this very statement, which sees what it is about to take away.
                await self.tell_standby("SELECT pg_wal_replay_resume()")

    async def caught_up(self) -> None:
        """Until the standby has replayed what the primary wrote so far."""
        # The end of a commit's own record: the log's end may lie within one that is not whole on disk.
        end = await tell(self.primary.superuser, "SELECT pg_logical_emit_message(true, 'tests', '')::text")
        await self.until_standby(f"SELECT pg_last_wal_replay_lsn() >= '{end}'::pg_lsn")

    async def tell_standby(self, sql: str) -> object:
        return await tell(self.standby.superuser, sql)

    async def until_standby(self, question: str) -> None:
        connection = await asyncpg.connect(self.standby.superuser)
        try:
            for _ in range(6_000):
                if await connection.fetchval(question):
                    return
                await asyncio.sleep(0.01)  # here: asleep there it would be in replay's way, and be cut off for that
        finally:
            await connection.close()
        raise AssertionError(f"it never came to that: {question}")


async def tell(dsn: str, sql: str) -> Any:  # Any: of any column
    """The first value of what is asked of that server."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@contextmanager
def streaming(folder: Path) -> Iterator[Pair]:
    """A migrated primary and a standby that has caught up."""
    embedded = Embedded.start(folder / "p", durable=False, followed=True)
    try:
        primary = Dsns(embedded.owner_dsn, embedded.runtime_dsn, embedded.superuser_dsn)
        run_apart(upgrade(primary.owner, runtime_login=primary.runtime_login))
        with standby_of(primary, folder / "s") as pair:
            yield pair
    finally:
        embedded.stop()


@contextmanager
def standby_of(primary: Dsns, folder: Path) -> Iterator[Pair]:
    """A standby of its own, stopped at the end."""
    cluster = Cluster(folder)
    folder.mkdir(mode=0o700)
    account = cluster.account
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    command = [binaries() / "pg_basebackup", "-D", folder, "-d", primary.superuser, "-R", "-c", "fast", "--no-sync"]
    who = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    subprocess.run(list(map(str, command)), check=True, cwd="/", capture_output=True, **who)  # type: ignore[call-overload]
    (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary's, whose socket lies in its folder
    ways = (_at(dsn, folder) for dsn in (primary.owner, primary.runtime, primary.superuser))
    pair = Pair(primary, Dsns(*ways), cluster, folder)
    pair.start()
    try:
        yield pair
    finally:
        cluster.stop()


def _at(dsn: str, folder: Path) -> str:
    """The same login and database, at the server with that socket."""
    parts = urlsplit(dsn)
    query = urlencode({**dict(parse_qsl(parts.query)), "host": str(folder)}, safe="/")
    return urlunsplit(parts._replace(query=query))
