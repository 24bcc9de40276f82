"""A deadline at the doors: no statement is begun after it, and none runs on past it."""

import asyncio

import asyncpg
import pytest

from db.deadlines import EARLY, Deadline
from db.errors import QueryTimeout
from db.statements import Statement
from tests.support.plant import ACTOR, Floor
from tests.support.waiting import until_answered

SLEEP = Statement("SELECT pg_sleep(30) /* until a deadline */", (), {})
QUICK = Statement("SELECT 1 AS one", (), {})


async def sleeping(floor: Floor) -> int:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active'"
    connection = await asyncpg.connect(floor.dsns.superuser)
    try:
        return int(await connection.fetchval(sql, SLEEP.sql))
    finally:
        await connection.close()


async def test_a_statement_ends_at_the_deadline_in_postgresql_too(floor: Floor) -> None:
    reader = floor.database.reader(floor.mine, deadline=Deadline(0.2))
    with pytest.raises(QueryTimeout):
        await reader.fetch(SLEEP)
    assert floor.database.pool.in_use == 0

    async def nobody_sleeps() -> bool:
        return await sleeping(floor) == 0

    await until_answered(nobody_sleeps)


async def test_where_postgresql_ends_a_statement_by_then_no_timer_is_set(floor: Floor) -> None:
    assert floor.database.deadline(10).left() is None
    assert 0 < (floor.database.deadline(9).left() or 0) <= 9
    late = Deadline(1, bounded=True)
    await asyncio.sleep(EARLY + 0.05)
    assert 0 < (late.left() or 0) < 1


async def test_after_the_deadline_nothing_is_borrowed(floor: Floor) -> None:
    seen: list[str] = []
    floor.database.observer = seen.append
    late = Deadline(-1)
    try:
        with pytest.raises(QueryTimeout):
            await floor.database.reader(floor.mine, deadline=late).fetch(QUICK)
        with pytest.raises(QueryTimeout):
            async with floor.database.writer(floor.mine, ACTOR, deadline=late):
                pass
    finally:
        floor.database.observer = None
    assert (seen, floor.database.pool.in_use) == ([], 0)


async def test_before_the_deadline_all_is_as_without(floor: Floor) -> None:
    reader = floor.database.reader(floor.mine, deadline=Deadline(5))
    with reader:
        assert [(await reader.fetch(QUICK))[0]["one"] for _ in range(3)] == [1, 1, 1]
