"""What the policies say, read back from the catalogue: of every tenant table the same sentence, on both sides.

The sentence is an equation with one setting. Where that names no tenant it is null, and no row satisfies it; else those
rows alone do whose ``tenant_id`` it is. So to prove all tables it is enough that they say this, and nothing beside it.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.tables import DIRECTORY_TABLES, SHARED_TABLES, TENANT_SETTING
from tests.support.database import Dsns
from tests.support.plant import connected

SENTENCE = (
    f"(tenant_id = ( SELECT (NULLIF(current_setting('{TENANT_SETTING}'::text, true), ''::text))::uuid AS \"nullif\"))"
)
BESIDE = {
    ("audit_log", "directory_adds", "a", "{tidegate_directory}", None, "true"),
    ("event_heads", "directory_reads_heads", "r", "{tidegate_directory}", "true", None),
}
"""What the directory may, which reads no tenant's rows: add to the trail, and see how far each log is."""
POLICIES = """
SELECT c.relname, p.polname, p.polcmd::text, p.polroles::regrole[]::text AS roles,
    pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polpermissive
"""
TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition AND c.relname <> 'alembic_version'
"""
KEYS = """
SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = i.indkey[0]) AS first
FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


@pytest.fixture
async def connection(dsns: Dsns) -> AsyncIterator[asyncpg.Connection]:
    async with connected(dsns.superuser) as connection:
        yield connection


async def tenant_tables(connection: asyncpg.Connection) -> set[str]:
    return {row["relname"] for row in await connection.fetch(TABLES)} - DIRECTORY_TABLES - SHARED_TABLES


async def test_every_tenant_table_says_the_one_sentence_on_both_sides_and_nothing_beside_it(
    connection: asyncpg.Connection,
) -> None:
    found = {tuple(row) for row in await connection.fetch(POLICIES)}
    tables = await tenant_tables(connection)
    assert len(tables) > 10
    assert found - BESIDE == {(table, "tenant", "*", "{-}", SENTENCE, SENTENCE) for table in tables}
    assert found >= BESIDE


async def test_every_key_of_a_tenant_table_begins_with_its_tenant(connection: asyncpg.Connection) -> None:
    tables = await tenant_tables(connection)
    first = {(row["relname"], row["first"]) for row in await connection.fetch(KEYS) if row["relname"] in tables}
    assert {column for _, column in first} == {"tenant_id"}
    assert tables - {table for table, _ in first} == {"event_log"}  # its numbers are the head row's doing


@pytest.mark.parametrize("tenant", ["", None])
async def test_without_a_tenant_the_sentence_is_true_of_no_row(
    connection: asyncpg.Connection, tenant: str | None
) -> None:
    if tenant is not None:
        await connection.execute("SELECT set_config($1, $2, false)", TENANT_SETTING, tenant)
    said = await connection.fetchval(f"SELECT {SENTENCE} FROM (SELECT gen_random_uuid() AS tenant_id) row")
    assert said is None


async def test_with_a_tenant_the_sentence_is_true_of_its_rows_alone(connection: asyncpg.Connection) -> None:
    mine = await connection.fetchval("SELECT gen_random_uuid()")
    await connection.execute("SELECT set_config($1, $2, false)", TENANT_SETTING, str(mine))
    rows = "(VALUES ($1::uuid), (gen_random_uuid()), (NULL)) row (tenant_id)"
    said = await connection.fetch(f"SELECT {SENTENCE} AS said FROM {rows}", mine)
    assert [row["said"] for row in said] == [True, False, None]
