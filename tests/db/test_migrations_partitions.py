"""The log's partitions: made ahead, dropped behind, and no event without a place."""

import random
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from db.events import Position, events_after
from db.migrations.partitions import AUDIT_LOG, DAYS_AHEAD, EVENT_LOG, Series, ensure_partitions
from tests.db.test_overview import add_order, new_order
from tests.support.order_hours import differences
from tests.support.plant import NOON, Floor, connected

TODAY = datetime.now(UTC).date()


async def ensure(
    floor: Floor, keep_days: int | None = None, today: date = TODAY, series: Series = EVENT_LOG
) -> list[str]:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(floor.dsns.owner)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            assert isinstance(connection, AsyncConnection)
            return await ensure_partitions(connection, series, keep_days, today)
    finally:
        await engine.dispose()


async def partitions(floor: Floor, table: str = "event_log") -> set[str]:
    async with connected(floor.dsns.owner) as connection:
        rows = await connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass", table
        )
    return {row["name"] for row in rows}


async def log_on(floor: Floor, seq: int, day: date) -> None:
    """An entry of that day's noon."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    await floor.raw(
        "INSERT INTO event_log (tenant_id, seq, ts, type, entity, entity_id, version) "
        "VALUES ($1::uuid, $2, $3, 'order.updated', 'order', $1::uuid, 1)",
        floor.mine.hex, seq, noon,
    )  # fmt: skip


async def place_of(floor: Floor, seq: int) -> str:
    rows = await floor.raw("SELECT tableoid::regclass::text AS place FROM event_log WHERE seq = $1", seq)
    return str(rows[0]["place"])


def days(first: int, last: int) -> set[str]:
    return {EVENT_LOG.name(TODAY + timedelta(days=offset)) for offset in range(first, last + 1)}


async def test_the_coming_days_have_their_partitions_after_migrating(floor_apart: Floor) -> None:
    assert await partitions(floor_apart) == days(0, DAYS_AHEAD) | {"event_log_default"}
    assert await ensure(floor_apart) == []


async def test_partitions_are_made_ahead_day_by_day(floor_apart: Floor) -> None:
    made = await ensure(floor_apart, today=TODAY + timedelta(days=2))
    assert made == [f"made {name}" for name in sorted(days(DAYS_AHEAD + 1, DAYS_AHEAD + 2))]
    await log_on(floor_apart, 14, TODAY + timedelta(days=DAYS_AHEAD + 2))
    assert await place_of(floor_apart, 14) == EVENT_LOG.name(TODAY + timedelta(days=DAYS_AHEAD + 2))


async def test_partitions_are_dropped_behind_and_their_events_with_them(floor_apart: Floor) -> None:
    await log_on(floor_apart, 14, TODAY)
    await log_on(floor_apart, 15, TODAY + timedelta(days=1))
    done = await ensure(floor_apart, keep_days=3, today=TODAY + timedelta(days=4))
    assert f"dropped {EVENT_LOG.name(TODAY)}" in done
    assert days(0, 0) & await partitions(floor_apart) == set()
    assert [row["seq"] for row in await floor_apart.raw("SELECT seq FROM event_log WHERE seq > 13")] == [15]


async def test_what_a_dropped_partition_says_of_orders_stays_in_their_sums(floor_apart: Floor) -> None:
    async with connected(floor_apart.dsns.superuser) as connection:
        sql = "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, 'mine', 'Mine', now(), now())"
        await connection.execute(sql, floor_apart.mine.hex)
    async with floor_apart.writer() as writer:
        await add_order(writer, new_order(floor_apart, random.Random(1)))
    assert f"dropped {EVENT_LOG.name(TODAY)}" in await ensure(floor_apart, 3, TODAY + timedelta(days=4))
    async with connected(floor_apart.dsns.owner, floor_apart.mine) as owner:
        assert await differences(owner) == []
        assert await owner.fetchval("SELECT seq FROM folded_heads") == 14


async def test_nothing_is_dropped_unless_it_is_asked_for(floor_apart: Floor) -> None:
    done = await ensure(floor_apart, today=TODAY + timedelta(days=400))
    assert not [line for line in done if line.startswith("dropped")]
    assert days(0, DAYS_AHEAD) <= await partitions(floor_apart)


async def test_the_default_partition_catches_what_no_other_covers(floor_apart: Floor) -> None:
    far = TODAY + timedelta(days=300)
    await log_on(floor_apart, 14, far)
    assert await place_of(floor_apart, 14) == "event_log_default"
    events = await events_after(floor_apart.reader(), Position(13, NOON), 10)
    assert [event.seq for event in events] == [14]


async def test_rows_in_the_default_partition_block_nothing(floor_apart: Floor) -> None:
    late = TODAY + timedelta(days=DAYS_AHEAD + 1)
    await log_on(floor_apart, 14, late)
    made = await ensure(floor_apart, today=TODAY + timedelta(days=2))
    assert made == [f"made {EVENT_LOG.name(late + timedelta(days=1))}"]
    assert await place_of(floor_apart, 14) == "event_log_default"
    await log_on(floor_apart, 15, late)
    assert await place_of(floor_apart, 15) == "event_log_default"


@pytest.mark.parametrize("hour", [0, 23])
async def test_a_day_is_a_day_of_utc_whatever_the_session_says(floor_apart: Floor, hour: int) -> None:
    moment = datetime(TODAY.year, TODAY.month, TODAY.day, hour, 59 * (hour > 0), tzinfo=UTC)
    await floor_apart.raw(
        "INSERT INTO event_log (tenant_id, seq, ts, type, entity, entity_id, version) "
        "VALUES ($1::uuid, 14, $2, 'order.updated', 'order', $1::uuid, 1)",
        floor_apart.mine.hex, moment,
    )  # fmt: skip
    assert await place_of(floor_apart, 14) == EVENT_LOG.name(TODAY)


async def test_a_new_partition_is_guarded_and_open_to_nobody(floor_apart: Floor) -> None:
    await ensure(floor_apart, today=TODAY + timedelta(days=1))
    name = EVENT_LOG.name(TODAY + timedelta(days=DAYS_AHEAD + 1))
    async with connected(floor_apart.dsns.owner) as connection:
        row = await connection.fetchrow(
            "SELECT relrowsecurity, relforcerowsecurity, relacl::text FROM pg_class WHERE relname = $1", name
        )
    assert row is not None
    assert (row["relrowsecurity"], row["relforcerowsecurity"]) == (True, True)
    assert "tidegate_runtime" not in (row["relacl"] or "")


# ── the audit trail's ────────────────────────────────────────────────────────────────────────────────────────────────


async def audit_on(floor: Floor, moment: datetime) -> str:
    """A record of that moment; answers the partition that it is in."""
    rows = await floor.raw(
        "INSERT INTO audit_log (tenant_id, id, created_at, kind, action, outcome) "
        "VALUES ($1::uuid, gen_random_uuid(), $2, 'QUERY', 'orders', 'ALLOWED') RETURNING tableoid::regclass::text",
        floor.mine.hex, moment,
    )  # fmt: skip
    return str(rows[0][0])


async def test_the_audit_trail_has_a_partition_a_month_made_ahead(floor_apart: Floor) -> None:
    assert {AUDIT_LOG.name(TODAY), "audit_log_default"} <= await partitions(floor_apart, "audit_log")
    made = await ensure(floor_apart, today=date(2031, 12, 28), series=AUDIT_LOG)
    assert made == ["made audit_log_203112", "made audit_log_203201"]
    assert await audit_on(floor_apart, datetime(2031, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == "audit_log_203112"
    assert await audit_on(floor_apart, datetime(2032, 1, 1, tzinfo=UTC)) == "audit_log_203201"
    assert await audit_on(floor_apart, datetime(2033, 1, 1, tzinfo=UTC)) == "audit_log_default"


async def test_months_of_the_audit_trail_are_dropped_when_all_of_them_is_too_old(floor_apart: Floor) -> None:
    await ensure(floor_apart, today=date(2030, 1, 15), series=AUDIT_LOG)
    await ensure(floor_apart, today=date(2030, 2, 15), series=AUDIT_LOG)
    done = await ensure(floor_apart, keep_days=31, today=date(2030, 3, 14), series=AUDIT_LOG)
    assert "dropped audit_log_203001" in done
    assert "audit_log_203002" in await partitions(floor_apart, "audit_log")
