"""What the doctor asks of a replica: is it a standby of this database, does it keep up, does it keep tenants apart."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import asyncpg

from db.doctor import NOT_REACHED, Finding, examine_isolation
from db.replica import REPLAYED, WRITTEN, Mark

PATIENCE = 5.0
"""Seconds for what the primary wrote to be replayed."""
_IDENTITY = "SELECT pg_is_in_recovery(), system_identifier FROM pg_control_system()"
_MEND = "Check DATABASE_REPLICA_URL: it names a streaming standby of DATABASE_URL's server, by the same login."


async def examine_replica(runtime_dsn: str, replica_dsn: str) -> list[Finding]:
    """All checks of the replica that the runtime login can make; one finding when either cannot be reached."""
    async with AsyncExitStack() as closing:
        connections = []
        for dsn in (runtime_dsn, replica_dsn):
            try:
                connections.append(await asyncpg.connect(dsn, timeout=10))
            except NOT_REACHED as error:
                return [Finding("The replica answers", False, f"{type(error).__name__}: {error}", _MEND)]
            closing.push_async_callback(connections[-1].close)
        follows = await _follows(*connections)
        if not follows.ok:
            return [follows]
        found = [follows, await _keeps_up(*connections)]
    isolation = await examine_isolation(replica_dsn)
    return [*found, *(replace(finding, check=f"{finding.check}, at the replica") for finding in isolation)]


async def _follows(primary: asyncpg.Connection, replica: asyncpg.Connection) -> Finding:
    ((recovering, system),) = await replica.fetch(_IDENTITY)
    ((_, expected),) = await primary.fetch(_IDENTITY)
    fault = "it is no standby" if not recovering else "" if system == expected else "it is a standby of another server"
    return Finding("The replica is a standby of this database", not fault, fault or "it is", _MEND if fault else "")


async def _keeps_up(primary: asyncpg.Connection, replica: asyncpg.Connection) -> Finding:
    begun, ((log_end, first_open, _),) = time.monotonic(), await primary.fetch(WRITTEN)
    there = await _replays(replica, Mark(log_end, first_open), begun + PATIENCE)
    detail = f"in {(time.monotonic() - begun) * 1000:.0f} ms" if there else f"not in {PATIENCE:g} s"
    mend = "Look at its log, and at pg_stat_replication on the primary: is replay paused, or cut off?"
    return Finding("The replica replays what is written", there, detail, "" if there else mend)


async def _replays(replica: asyncpg.Connection, mark: Mark, until: float) -> bool:
    """Whether it has replayed that much by then."""
    while True:
        ((replayed, first_open, *_),) = await replica.fetch(REPLAYED)
        if mark.is_held_by(replayed, first_open):
            return True
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
