"""The event log's partitions, one a day: made ahead and dropped behind by the owner.

A DEFAULT partition catches what no other covers, so a late owner loses nothing. Partitions get no grants of their
own: the runtime role reaches them through ``event_log`` alone, whose policy then holds.
"""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

_EXISTING = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = 'event_log'::regclass AND c.relname LIKE 'event_log_2%'"
)
DAYS_AHEAD = 7


async def ensure_partitions(
    connection: AsyncConnection, keep_days: int | None = None, today: date | None = None
) -> list[str]:
    """Make the partitions of the coming days and, with ``keep_days``, drop those wholly older. Returns what it
    made and dropped, in words.
    """
    today = today or datetime.now(UTC).date()
    existing = set((await connection.execute(_EXISTING)).scalars())
    done = []
    for offset in range(DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        if (name := partition_name(day)) not in existing and await _make(connection, name, day):
            done.append(f"made {name}")
    for name in sorted(existing) if keep_days is not None else ():
        if name < partition_name(today - timedelta(days=keep_days or 0)):
            await connection.execute(text(f"DROP TABLE {name}"))
            done.append(f"dropped {name}")
    return done


def partition_name(day: date) -> str:
    return f"event_log_{day:%Y%m%d}"


async def _make(connection: AsyncConnection, name: str, day: date) -> bool:
    """False when the DEFAULT partition already holds rows of that day: they stay there, nothing is lost."""
    bounds = f"FROM ('{day:%Y-%m-%d}Z') TO ('{day + timedelta(days=1):%Y-%m-%d}Z')"
    try:
        async with connection.begin_nested():
            await connection.execute(text(f"CREATE TABLE {name} PARTITION OF event_log FOR VALUES {bounds}"))
            for clause in ("ENABLE", "FORCE"):
                await connection.execute(text(f"ALTER TABLE {name} {clause} ROW LEVEL SECURITY"))
    except IntegrityError:
        return False
    return True
