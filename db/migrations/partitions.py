"""The logs' partitions: made ahead and dropped behind by the owner. The event log has one a day, the audit trail one a
month.

A DEFAULT partition catches what no other covers, so a late owner loses nothing. Partitions get no grants of their
own: the runtime role reaches them through their table alone, whose policy then holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

_FOLD = text("""
DO $$ DECLARE whose uuid; BEGIN
    FOR whose IN SELECT id FROM tenants LOOP
        PERFORM set_config('tidegate.tenant', whose::text, true);
        PERFORM 1 FROM folded_heads WHERE tenant_id = whose FOR UPDATE;
        WHILE fold_orders(whose, 10000) > 0 LOOP END LOOP;
    END LOOP;
    PERFORM set_config('tidegate.tenant', '', true);
END $$
""")
"""Every tenant's log into the sums (``db/folding.py``); a lock on the mark keeps others from folding meanwhile."""
DAYS_AHEAD = 7


@dataclass(frozen=True, slots=True)
class Series:
    """A table's partitions: how the one of a day is called, its first day, and the first after it."""

    table: str
    format: str
    first: Callable[[date], date]
    after: Callable[[date], date]

    def name(self, day: date) -> str:
        """The partition that the day is in."""
        return f"{self.table}_{day:{self.format}}"


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


EVENT_LOG = Series("event_log", "%Y%m%d", lambda day: day, lambda day: day + timedelta(days=1))
AUDIT_LOG = Series("audit_log", "%Y%m", lambda day: day.replace(day=1), _month_after)
SERIES = (EVENT_LOG, AUDIT_LOG)
_EXISTING = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = to_regclass(CAST(:parent AS text)) AND c.relname LIKE CAST(:parent AS text) || '\\_2%'"
)


async def ensure_partitions(
    connection: AsyncConnection, series: Series, keep_days: int | None = None, today: date | None = None
) -> list[str]:
    """Make the partitions of the coming days and, with ``keep_days``, drop those wholly older. Returns what it
    made and dropped, in words.
    """
    today = today or datetime.now(UTC).date()
    existing = set((await connection.execute(_EXISTING, {"parent": series.table})).scalars())
    coming = sorted({series.first(today + timedelta(days=offset)) for offset in range(DAYS_AHEAD + 1)})
    missing = [day for day in coming if series.name(day) not in existing]
    done = [f"made {series.name(day)}" for day in missing if await _make(connection, series, day)]
    if keep_days is not None:
        done += await _drop(connection, series, existing, series.name(today - timedelta(days=keep_days)))
    return done


async def _drop(connection: AsyncConnection, series: Series, existing: set[str], first: str) -> list[str]:
    """Those before ``first``; of the event log when what they say is in the sums."""
    old = sorted(name for name in existing if name < first)
    if old and series is EVENT_LOG:
        await connection.execute(_FOLD)
    for name in old:
        await connection.execute(text(f"DROP TABLE {name}"))
    return [f"dropped {name}" for name in old]


async def _make(connection: AsyncConnection, series: Series, day: date) -> bool:
    """False when the DEFAULT partition already holds rows of that time: they stay there, nothing is lost."""
    name = series.name(day)
    bounds = f"FROM ('{day:%Y-%m-%d}Z') TO ('{series.after(day):%Y-%m-%d}Z')"
    try:
        async with connection.begin_nested():
            await connection.execute(text(f"CREATE TABLE {name} PARTITION OF {series.table} FOR VALUES {bounds}"))
            for clause in ("ENABLE", "FORCE"):
                await connection.execute(text(f"ALTER TABLE {name} {clause} ROW LEVEL SECURITY"))
    except IntegrityError:
        return False
    return True
