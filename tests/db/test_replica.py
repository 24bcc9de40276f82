"""Without a standby that can be read the primary answers queries. A real one is in tests/web/test_replica.py."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from db.engine import Database
from db.errors import BadValue, PoolExhausted, QueryTimeout
from db.events import Position
from db.replica import Mark, Replica
from db.scopes import EVERY_ROW
from db.statements import Statement
from db.tenancy import TenantReader
from tests.support.plant import ACTOR, Floor

TENANT = Statement("SELECT current_setting('tidegate.tenant')", (), {})
BAD = Statement("SELECT $1::text AS given", ("given",), {})
SEEN = Position(3, datetime(2026, 3, 14, 12, tzinfo=UTC))


@pytest.fixture(params=["away", "no standby"])
async def database(floor: Floor, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """With a replica that is not there, or the primary itself."""
    database = await Database.open(floor.dsns.runtime, size=2, directory_size=1)
    dsn = floor.dsns.runtime if request.param == "no standby" else "postgresql://nobody@127.0.0.1:1/nothing"
    await database.open_replica(dsn, floor.dsns.runtime, lag_seconds=5, wait_seconds=0.05)
    yield database
    await database.close()


def replica_of(database: Database) -> Replica:
    assert database.replica is not None
    return database.replica


def reader_of(database: Database, floor: Floor) -> TenantReader:
    user = ACTOR.user_id or ""
    return database.query_reader(floor.mine, user, EVERY_ROW, database.deadline(5), SEEN)


async def test_what_cannot_be_read_at_the_replica_is_read_at_the_primary(database: Database, floor: Floor) -> None:
    reader, replica = reader_of(database, floor), replica_of(database)
    with reader:
        for _ in range(3):
            assert (await reader.fetch(TENANT))[0][0] == floor.mine.hex
        assert (database.pool.in_use, replica.pool.in_use) == (1, 0)
    assert database.pool.in_use == 0
    assert dict(replica.reads) == {"replica": 0, "primary": 3}
    assert replica.passed_on["away"] == 1
    assert not replica.serves


async def test_a_bad_value_is_the_callers_wherever_it_is_read(database: Database, floor: Floor) -> None:
    with pytest.raises(BadValue):
        await reader_of(database, floor).fetch(BAD, given="\x00")


async def test_a_read_that_fails_for_its_own_reasons_leaves_the_replica_to_others(database: Database) -> None:
    replica = replica_of(database)
    assert replica.failed(PoolExhausted("none came free")) == "busy"
    assert replica.failed(QueryTimeout("late")) == "timeout"
    assert replica.failed(BadValue("anything else")) == "refused"


@pytest.mark.parametrize(
    ("reached", "holds"),
    [((100, 7), True), ((100, 6), True), ((99, 7), True), ((99, 6), False), ((101, 8), True)],
    ids=["both", "the log alone", "the transactions alone: the log ends within a record", "neither", "further"],
)
def test_a_standby_holds_what_was_committed_by_its_log_or_by_its_transactions(
    reached: tuple[int, int], holds: bool
) -> None:
    assert Mark(log_end=100, first_open=7).is_held_by(*reached) is holds


async def test_what_a_tenants_log_has_reached_is_remembered_forwards_alone(database: Database, floor: Floor) -> None:
    replica, tenant = replica_of(database), floor.mine.hex
    assert not replica.has_reached(tenant, SEEN)
    replica.note_reached(tenant, SEEN)
    replica.note_reached(tenant, Position(2, SEEN.ts))
    assert replica.has_reached(tenant, SEEN)
    assert not replica.has_reached("f" * 32, SEEN)
