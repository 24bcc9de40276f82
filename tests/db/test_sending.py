"""What the driver's errors mean: the caller's fault, a key that is taken, a deadline, a database that is away."""

import pytest

from db.deadlines import Deadline
from db.errors import BadValue, DatabaseAway, QueryTimeout
from db.pool import Slot
from db.sending import send
from db.statements import Statement
from tests.support.plant import Floor, as_runtime

HURRY = Statement("SELECT set_config('statement_timeout', '20', true)", (), {})
SLEEP = Statement("SELECT pg_sleep(30)", (), {})


@pytest.mark.parametrize(("sql", "given"), [("SELECT $1::text", "a\0b"), ("SELECT $1::bigint", 2**63)])
async def test_what_no_column_can_hold_is_a_bad_value(floor: Floor, sql: str, given: object) -> None:
    with pytest.raises(BadValue):
        await floor.reader().fetch(Statement(sql, ("given",), {}), given=given)
    assert floor.database.pool.in_use == 0


async def test_a_statement_past_its_deadline_is_a_timeout(floor: Floor) -> None:
    async with floor.database.snapshot(floor.mine) as snapshot:
        await snapshot.fetch(HURRY)
        with pytest.raises(QueryTimeout):
            await snapshot.fetch(SLEEP)
    assert floor.database.pool.in_use == 0


async def test_the_text_of_a_statement_is_told_as_it_is_sent(floor: Floor) -> None:
    seen: list[str] = []
    floor.database.observer = seen.append
    try:
        await floor.reader().fetch(Statement("SELECT 1", (), {}))
    finally:
        floor.database.observer = None
    assert seen == ["SELECT 1"]


MANY = "SELECT n, n::text AS text, $1::uuid[] AS ids FROM generate_series(1, 3) AS n"


async def test_a_statement_is_executed_as_the_drivers_own_fetch_does(floor: Floor) -> None:
    async with as_runtime(floor.dsns) as connection:
        slot = Slot(connection)
        prepared = await slot.prepared(MANY)
        for given in ([], [floor.mine.hex], None):
            rows, _, _ = await slot.execute(prepared, [given], 5)
            assert rows == await prepared.fetch(given, timeout=5)
        sleep = await slot.prepared(SLEEP.sql)
        with pytest.raises(TimeoutError):
            await slot.execute(sleep, [], 0.01)
        assert (await slot.execute(prepared, [[]], None))[0] == await prepared.fetch([])


async def test_on_a_connection_that_was_cut_the_database_is_away(floor: Floor) -> None:
    async with as_runtime(floor.dsns) as connection:
        slot = Slot(connection)
        await slot.prepared(SLEEP.sql)
        connection.terminate()
        with pytest.raises(DatabaseAway):
            await send(slot, SLEEP, {}, None, Deadline(5))
