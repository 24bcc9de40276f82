"""A reader holds no connection in between, save inside its block; and a block ends with nothing lent out."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from db.errors import BadValue
from db.pool import STATEMENTS_KEPT
from db.statements import Statement
from db.tables import RUNTIME_ROLE
from db.tenancy import TenantReader
from tests.support.plant import MINE, THEIRS, Floor, connected

WHICH = Statement("SELECT pg_backend_pid()", (), {})
SLOW = Statement("SELECT pg_backend_pid() FROM pg_sleep(0.02)", (), {})
TENANT = Statement("SELECT current_setting('tidegate.tenant')", (), {})
BAD = Statement("SELECT $1::text AS given", ("given",), {})


@pytest.fixture
def reader(floor: Floor) -> Iterator[TenantReader]:
    yield floor.reader()
    assert floor.database.pool.in_use == 0


async def connection_of(reader: TenantReader, statement: Statement = WHICH) -> int:
    return int((await reader.fetch(statement))[0][0])


async def test_between_statements_nothing_is_held(floor: Floor, reader: TenantReader) -> None:
    await reader.fetch(WHICH)
    assert floor.database.pool.in_use == 0


async def test_a_block_keeps_one_connection_from_its_first_statement_on(floor: Floor, reader: TenantReader) -> None:
    with reader:
        assert floor.database.pool.in_use == 0
        first = await connection_of(reader)
        assert floor.database.pool.in_use == 1
        assert await connection_of(floor.reader()) != first
        assert await connection_of(reader) == first


async def test_what_a_block_kept_still_carries_its_tenant_alone(floor: Floor, reader: TenantReader) -> None:
    with reader:
        assert (await reader.fetch(TENANT))[0][0] == MINE.hex
        assert (await floor.reader(THEIRS).fetch(TENANT))[0][0] == THEIRS.hex
        assert (await reader.fetch(TENANT))[0][0] == MINE.hex


async def test_two_tasks_in_one_block_never_share_a_connection(reader: TenantReader) -> None:
    with reader:
        await reader.fetch(WHICH)
        one, other = await asyncio.gather(connection_of(reader, SLOW), connection_of(reader, SLOW))
    assert one != other


async def test_a_statement_that_outlives_its_block_gives_its_connection_back(reader: TenantReader) -> None:
    with reader:
        late = asyncio.ensure_future(connection_of(reader, SLOW))
        await asyncio.sleep(0)
    await late


async def test_a_connection_that_saw_an_error_is_not_kept(reader: TenantReader) -> None:
    with reader:
        first = await connection_of(reader)
        with pytest.raises(BadValue):
            await reader.fetch(BAD, given="\0")
        assert await connection_of(reader) != first


async def test_a_cancelled_statement_in_a_block_throws_its_connection_away(reader: TenantReader) -> None:
    with reader:
        first = await connection_of(reader)
        reading = asyncio.ensure_future(connection_of(reader, SLOW))
        await asyncio.sleep(0.005)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert await connection_of(reader) != first


async def test_a_table_that_changed_under_a_prepared_statement_is_read_all_the_same(floor_apart: Floor) -> None:
    reader, rows = floor_apart.reader(), Statement("SELECT * FROM order_items LIMIT 1", (), {})
    with reader:
        before = await reader.fetch(rows)
        async with connected(floor_apart.dsns.owner) as owner:
            await owner.execute("ALTER TABLE order_items ADD COLUMN gift text")
        after = await reader.fetch(rows)
    assert {*after[0].keys()} - {*before[0].keys()} == {"gift"}


async def test_a_statement_is_prepared_once_and_the_least_used_go_first(floor: Floor, reader: TenantReader) -> None:
    seen = Statement("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT pg_backend_pid()'", (), {})
    kept = Statement("SELECT count(*) FROM pg_prepared_statements", (), {})
    with reader:
        for number in range(STATEMENTS_KEPT + 20):
            await reader.fetch(Statement(f"SELECT {number}", (), {}))
            await reader.fetch(WHICH)
        assert (await reader.fetch(seen))[0][0] == 1
        assert (await reader.fetch(kept))[0][0] <= STATEMENTS_KEPT + 5


async def test_a_statement_that_cannot_be_prepared_is_not_kept(reader: TenantReader) -> None:
    with reader, pytest.raises(asyncpg.UndefinedTableError):
        await reader.fetch(Statement("SELECT * FROM nothing_of_that_name", (), {}))
    assert await connection_of(reader) > 0


async def test_what_was_prepared_before_its_table_changed_is_read_again(floor: Floor, reader: TenantReader) -> None:
    everything = Statement("SELECT * FROM changing", (), {})
    async with connected(floor.dsns.owner) as owner:
        await owner.execute(f"CREATE TABLE changing (a int); GRANT SELECT ON changing TO {RUNTIME_ROLE}")
        try:
            with reader:
                assert await reader.fetch(everything) == []
                await owner.execute("ALTER TABLE changing ADD b int; INSERT INTO changing VALUES (1, 2)")
                assert [dict(row) for row in await reader.fetch(everything)] == [{"a": 1, "b": 2}]
        finally:
            await owner.execute("DROP TABLE changing")


async def test_what_was_prepared_on_every_connection_before_its_table_changed_is_read_again(floor: Floor) -> None:
    everything = Statement("SELECT *, pg_sleep(0.05) FROM shifting", (), {})
    async with connected(floor.dsns.owner) as owner:
        sql = "CREATE TABLE shifting (a int); INSERT INTO shifting VALUES (1); GRANT SELECT ON shifting TO "
        await owner.execute(sql + RUNTIME_ROLE)
        try:
            readers = [floor.database.reader(floor.mine) for _ in range(3)]
            await asyncio.gather(*[reader.fetch(everything) for reader in readers])
            await owner.execute("ALTER TABLE shifting ALTER a TYPE text")
            (row,) = await readers[0].fetch(everything)
            assert row["a"] == "1"
        finally:
            await owner.execute("DROP TABLE shifting")
