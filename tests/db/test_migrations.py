"""The migrations go up, down and up again, and leave exactly the tables that the model says."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.engine import Database
from db.migrations.head import head_revision
from db.migrations.run import downgrade, is_current, upgrade
from db.tables import DIRECTORY_ROLE, DIRECTORY_TABLES, RUNTIME_ROLE, metadata, tenant_tables
from tests.support.database import Dsns
from tests.support.order_hours import differences
from tests.support.plant import MINE, THEIRS, connected, plant

SHAPE = """
SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') FROM (
    SELECT format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        (SELECT collname FROM pg_collation WHERE oid = a.attcollation)) AS line
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s %s %s %s', tablename, policyname, roles, qual, with_check) FROM pg_policies
    UNION ALL SELECT format('%s %s %s', relname, relrowsecurity, relforcerowsecurity) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    UNION ALL SELECT format('%s %s %s', table_name, grantee, privilege_type)
        FROM information_schema.table_privileges WHERE table_schema = 'public'
) AS lines
"""
"""Everything that a schema says: columns, indexes, constraints, policies, guards, grants."""


async def shape_of(dsns: Dsns) -> str:
    async with connected(dsns.owner) as connection:
        lines = str(await connection.fetchval(SHAPE)).splitlines()
    # The days' and months' partitions are no migration's.
    return "\n".join(line for line in lines if "event_log_2" not in line and "audit_log_2" not in line)


async def count(dsn: str, sql: str) -> int:
    async with connected(dsn) as connection:
        return int(await connection.fetchval(sql))


def _differences(connection: Connection) -> list[object]:
    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return not (kind == "table" and (name or "").startswith(("event_log_", "audit_log_")))  # their partitions

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "include_object": ours}
    )
    found: list[object] = compare_metadata(context, metadata)
    return found


async def test_up_down_and_up_again_leads_to_the_same_schema(empty_dsns: Dsns) -> None:
    await upgrade(empty_dsns.owner, runtime_login=empty_dsns.runtime_login)
    first = await shape_of(empty_dsns)
    await downgrade(empty_dsns.owner, "base")
    assert await count(empty_dsns.owner, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1
    assert not await is_current(empty_dsns.owner)
    await upgrade(empty_dsns.owner, runtime_login=empty_dsns.runtime_login)
    assert await shape_of(empty_dsns) == first
    assert await is_current(empty_dsns.owner)


async def test_each_step_can_be_taken_back_alone(empty_dsns: Dsns) -> None:
    await upgrade(empty_dsns.owner, revision="20261121_0700")
    bare = await shape_of(empty_dsns)
    await upgrade(empty_dsns.owner)
    await downgrade(empty_dsns.owner, "20261121_0700")
    assert await shape_of(empty_dsns) == bare


async def test_going_up_twice_changes_nothing(fresh_dsns: Dsns) -> None:
    before = await shape_of(fresh_dsns)
    await upgrade(fresh_dsns.owner, runtime_login=fresh_dsns.runtime_login)
    assert await shape_of(fresh_dsns) == before


async def test_the_model_says_what_the_migrations_make(dsns: Dsns) -> None:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(dsns.owner)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_every_index_of_the_model_and_the_database_has_the_same_name(dsns: Dsns) -> None:
    async with connected(dsns.owner) as connection:
        rows = await connection.fetch(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^(event|audit)_log_'"
        )
    kept = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    keys = {row["indexname"] for row in rows if row["indexname"].startswith(("pk_", "uq_", "alembic_"))}
    assert {row["indexname"] for row in rows} - keys == kept


@pytest.mark.parametrize("table", [table.name for table in tenant_tables()])
async def test_a_tenant_table_is_guarded_against_everybody(dsns: Dsns, table: str) -> None:
    async with connected(dsns.owner) as connection:
        guarded = await connection.fetchrow(
            "SELECT relrowsecurity AND relforcerowsecurity AS forced FROM pg_class WHERE oid = $1::regclass", table
        )
        policies = await connection.fetch("SELECT * FROM pg_policies WHERE tablename = $1 AND cmd = 'ALL'", table)
    assert guarded is not None
    assert guarded["forced"]
    assert len(policies) == 1
    assert policies[0]["qual"] == policies[0]["with_check"]
    assert "nullif" in policies[0]["qual"].lower()
    assert metadata.tables[table].primary_key.columns.keys()[:1] in (["tenant_id"], [])


@pytest.mark.parametrize("role", [RUNTIME_ROLE, DIRECTORY_ROLE])
async def test_a_group_role_owns_nothing_and_passes_no_guard(dsns: Dsns, role: str) -> None:
    async with connected(dsns.owner) as connection:
        row = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", role)
        owned = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1::regrole", role)
    assert row is not None
    forbidden = ("rolsuper", "rolbypassrls", "rolcanlogin", "rolinherit", "rolcreaterole", "rolcreatedb")
    assert [row[name] for name in forbidden] == [False] * len(forbidden)
    assert owned == 0


async def test_the_runtime_login_alone_may_do_nothing(dsns: Dsns) -> None:
    async with connected(dsns.runtime) as connection:
        for table in (*DIRECTORY_TABLES, *(table.name for table in tenant_tables())):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SELECT 1 FROM {table}")


async def test_readiness_compares_the_database_with_this_codes_head(fresh_dsns: Dsns) -> None:
    database = await Database.open(fresh_dsns.runtime, size=1, directory_size=1)
    assert await database.ready() == {"database": True, "migrations": True}
    async with connected(fresh_dsns.owner) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = 'another'")
    assert await database.ready() == {"database": True, "migrations": False}
    assert head_revision() != "another"
    await database.close()


async def test_the_head_that_is_read_is_the_one_that_the_scripts_lead_to(fresh_dsns: Dsns) -> None:
    assert await is_current(fresh_dsns.owner)
    async with connected(fresh_dsns.owner) as connection:
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == head_revision()


async def test_the_orders_that_are_there_already_are_counted_tenant_by_tenant(empty_dsns: Dsns) -> None:
    await upgrade(empty_dsns.owner, runtime_login=empty_dsns.runtime_login, revision="20261121_1110")
    for tenant in (MINE, THEIRS):
        async with connected(empty_dsns.superuser) as connection:
            sql = "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, 'T', now(), now())"
            await connection.execute(sql, tenant.hex, f"t{tenant.hex[-3:]}")
        await plant(empty_dsns, tenant)
    await upgrade(empty_dsns.owner)
    async with connected(empty_dsns.superuser) as connection:
        assert await differences(connection) == []
        assert await connection.fetchval("SELECT count(DISTINCT tenant_id) FROM order_hours") == 2
        await connection.execute("UPDATE orders SET status = 'REFUNDED'")
        assert await differences(connection) == []
