"""The doors and the guard underneath: what a connection may see, what a transaction leaves behind."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.errors import BadValue
from db.orders import insert_order, orders_by_id
from db.statements import Statement
from db.tables import DIRECTORY_ROLE, DIRECTORY_TABLES, metadata, tenant_tables
from tests.support.plant import MINE, ORDERS, THEIRS, Floor, as_runtime, connected, planted

TENANT_TABLES = [table.name for table in tenant_tables()]
GROWING = frozenset({"event_log", "audit_log", "announcements", "announcement_terms"})
"""Tables that rows are only ever added to."""
TEXT = Statement("SELECT $1::text AS given", ("given",), {})


@pytest.fixture
async def connection(floor: Floor) -> AsyncIterator[asyncpg.Connection]:
    """Bare, with a door's rights and my tenant, in a transaction that is undone."""
    async with as_runtime(floor.dsns, MINE) as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()


# ── what a connection sees ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_connection_without_a_tenant_sees_no_row(floor: Floor, table: str) -> None:
    async with as_runtime(floor.dsns) as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_the_owner_without_a_tenant_sees_no_row_either(floor: Floor, table: str) -> None:
    async with connected(floor.dsns.owner) as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_tenant_put_back_to_nothing_sees_no_row(floor: Floor) -> None:
    async with as_runtime(floor.dsns) as connection:
        async with connection.transaction():
            await connection.execute("SELECT set_config('tidegate.tenant', $1, true)", MINE.hex)
            assert await connection.fetchval("SELECT count(*) FROM orders") == ORDERS
        # After a local setting it is the empty text, not null.
        assert await connection.fetchval("SELECT count(*) FROM orders") == 0


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_connection_sees_its_own_tenants_rows_alone(
    floor: Floor, connection: asyncpg.Connection, table: str
) -> None:
    foreign = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id <> $1::uuid", MINE.hex)
    own = await connection.fetchval(f"SELECT count(*) FROM {table}")
    assert foreign == 0
    assert own > 0


@pytest.mark.parametrize("partition", ["event_log_default", "audit_log_default"])
async def test_a_partition_cannot_be_read_around_its_table(connection: asyncpg.Connection, partition: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch(f"SELECT * FROM {partition}")


# ── what a connection may do ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_row_cannot_be_inserted_into_another_tenant(connection: asyncpg.Connection, table: str) -> None:
    columns = ", ".join(column.name for column in metadata.tables[table].c)
    moved = columns.replace("tenant_id", f"'{THEIRS.hex}'::uuid", 1)
    source = "event_log" if table == "audit_log" else table
    if table == "audit_log":
        moved = (
            f"'{THEIRS.hex}'::uuid, entity_id, ts, 'MUTATION', 'a', 'ALLOWED'" + 12 * ", null" + ", '{}', null, null, 1"
        )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await connection.execute(f"INSERT INTO {table} ({columns}) SELECT {moved} FROM {source}")


@pytest.mark.parametrize("table", sorted(set(TENANT_TABLES) - GROWING))
async def test_a_row_cannot_be_moved_to_another_tenant(connection: asyncpg.Connection, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await connection.execute(f"UPDATE {table} SET tenant_id = $1::uuid", THEIRS.hex)


@pytest.mark.parametrize("table", sorted(set(TENANT_TABLES) - GROWING - {"event_heads", "folded_heads", "order_hours"}))
async def test_another_tenants_rows_cannot_be_changed_or_deleted(connection: asyncpg.Connection, table: str) -> None:
    changed = await connection.execute(f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = $1", THEIRS.hex)
    deleted = await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", THEIRS.hex)
    assert (changed, deleted) == ("UPDATE 0", "DELETE 0")


@pytest.mark.parametrize("table", sorted(GROWING))
@pytest.mark.parametrize("verb", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_is_logged_cannot_be_unsaid(connection: asyncpg.Connection, table: str, verb: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(verb.format(table))


@pytest.mark.parametrize("table", sorted(DIRECTORY_TABLES))
@pytest.mark.parametrize("verb", ["SELECT 1 FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"])
async def test_a_tenants_door_does_not_open_the_directory(
    connection: asyncpg.Connection, table: str, verb: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(verb.format(table))


@pytest.mark.parametrize("table", sorted(set(TENANT_TABLES) - {"event_heads"}))
async def test_the_directory_does_not_open_a_tenants_table(floor: Floor, table: str) -> None:
    async with connected(floor.dsns.runtime, MINE, DIRECTORY_ROLE) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT 1 FROM {table}")


@pytest.mark.parametrize(
    "verb",
    ["CREATE TABLE x (y int)", "ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "DROP POLICY tenant ON orders"],
)
async def test_a_door_cannot_change_the_house(connection: asyncpg.Connection, verb: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(verb)


async def test_a_foreign_key_does_not_tell_another_tenants_id_from_no_id(fresh_floor: Floor) -> None:
    told, new = [], {**fresh_floor.rows["orders"][0], "id": "1" * 32, "number": "260314-NEW"}
    for customer in (planted(THEIRS)["customers"][0]["id"], "9" * 32):
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refusal:
            async with fresh_floor.writer() as writer:
                await insert_order(writer, {**new, "customer_id": customer}, [])
        told.append((str(refusal.value), refusal.value.constraint_name))
    assert told[0] == told[1]


async def test_a_unique_key_does_not_tell_that_another_tenant_took_it(fresh_floor: Floor) -> None:
    taken = planted(THEIRS)["orders"][5]
    async with fresh_floor.writer() as writer:
        await writer.fetch(Statement("DELETE FROM orders WHERE number = $1", ("number",), {}), number=taken["number"])
        new = {**fresh_floor.rows["orders"][0], "id": taken["id"], "number": taken["number"]}
        row = await insert_order(writer, new, [])
    assert row["id"] == taken["id"]


# ── what comes in ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\udfff x"])
async def test_characters_that_no_column_can_hold_are_a_bad_value(floor: Floor, text: str) -> None:
    with pytest.raises(BadValue):
        await floor.reader().fetch(TEXT, given=text)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**4400], ids=["above", "below", "huge"])
async def test_a_number_out_of_range_is_a_bad_value(floor: Floor, number: int) -> None:
    with pytest.raises(BadValue):
        await floor.reader().fetch(Statement("SELECT $1::bigint", ("n",), {}), n=number)


async def test_an_id_that_is_no_hex_is_refused_by_the_reader_as_a_bad_value(floor: Floor) -> None:
    with pytest.raises(BadValue):
        await orders_by_id(floor.reader(), ["not hex"])


async def test_a_writer_used_outside_its_block_is_refused(floor: Floor) -> None:
    with pytest.raises(RuntimeError):
        await floor.writer().fetch(TEXT, given="x")
