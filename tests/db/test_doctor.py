"""The doctor finds each illness that a database can have, and none in a healthy one."""

import asyncpg
import pytest

from db.doctor import Finding, examine_database, examine_isolation, examine_redis
from tests.support.database import Dsns

TENANT = "0198c0de00007000800000000000000a"
NOBODYS = "A tenant that is nobody's sees nothing"


async def tell(dsn: str, *commands: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for command in commands:
            await connection.execute(command)
    finally:
        await connection.close()


async def illnesses(dsn: str) -> dict[str, Finding]:
    return {finding.check: finding for finding in await examine_database(dsn) if not finding.ok}


async def test_a_migrated_database_is_healthy(dsns: Dsns) -> None:
    findings = await examine_database(dsns.runtime)
    assert [finding for finding in findings if not finding.ok] == []
    assert len(findings) >= 11
    assert all(finding.mend == "" for finding in findings)


async def test_an_empty_database_is_to_be_migrated(empty_dsns: Dsns) -> None:
    found = await illnesses(empty_dsns.runtime)
    assert "`tidegate migrate`" in found["The schema stands at this version"].mend
    assert "Every tenant table forces row-level security" in found


async def test_a_server_that_does_not_answer_is_one_finding() -> None:
    (finding,) = await examine_database("postgresql://app@127.0.0.1:1/none")
    assert (finding.check, finding.ok) == ("PostgreSQL answers", False)
    assert "DATABASE_URL" in finding.mend


@pytest.mark.parametrize(
    ("harm", "check", "named"),
    [
        ("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", "Every tenant table forces row-level security", "orders"),
        ("ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "Every tenant table forces row-level security", "orders"),
        (
            "ALTER TABLE event_log_default NO FORCE ROW LEVEL SECURITY",
            "Every tenant table forces row-level security",
            "event_log_default",
        ),
        ("CREATE TABLE forgotten (a int)", "Every tenant table forces row-level security", "forgotten"),
        ("DROP POLICY tenant ON orders", "Every tenant table has a policy for reading and writing", "orders"),
        (
            "ALTER POLICY tenant ON orders WITH CHECK (true)",
            "Every tenant table has a policy for reading and writing",
            "orders",
        ),
        ("CREATE POLICY wide ON orders USING (true)", "No policy opens a tenant table to everybody", "orders.wide"),
        (
            "GRANT SELECT ON customers TO tidegate_directory",
            "Each role has rights on its own tables only",
            "tidegate_directory on customers",
        ),
        (
            "GRANT INSERT ON event_heads TO tidegate_directory",
            "Each role has rights on its own tables only",
            "tidegate_directory on event_heads",
        ),
        (
            "GRANT SELECT ON users TO tidegate_runtime",
            "Each role has rights on its own tables only",
            "tidegate_runtime on users",
        ),
        (
            "GRANT SELECT ON event_log_default TO tidegate_runtime",
            "Each role has rights on its own tables only",
            "tidegate_runtime on event_log_default",
        ),
        (
            "GRANT UPDATE, DELETE ON audit_log TO tidegate_runtime",
            "Each role has rights on its own tables only",
            "tidegate_runtime may DELETE on audit_log, tidegate_runtime may UPDATE on audit_log",
        ),
        (
            "GRANT TRUNCATE ON event_log TO tidegate_runtime",
            "Each role has rights on its own tables only",
            "tidegate_runtime may TRUNCATE on event_log",
        ),
        (
            "GRANT UPDATE ON identity_head TO tidegate_runtime",
            "Each role has rights on its own tables only",
            "tidegate_runtime may UPDATE on identity_head",
        ),
        (
            "ALTER TABLE sessions DISABLE TRIGGER number_update; DROP TRIGGER tell_delete ON users",
            "Changes of rights are told and numbered",
            "sessions.number_update, users.tell_delete",
        ),
        ("DELETE FROM identity_head", "Changes of rights are told and numbered", "identity_head without its row"),
        ("CREATE VIEW leak AS SELECT * FROM orders", "No view or function goes around the policies", "view leak"),
        (
            "CREATE MATERIALIZED VIEW copied AS SELECT * FROM orders",
            "No view or function goes around the policies",
            "materialized view copied",
        ),
        (
            "CREATE FUNCTION around() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "No view or function goes around the policies",
            "function around",
        ),
        (
            "DROP TABLE event_log_default",
            "Both logs have today's partition and a default",
            "the default one of event_log",
        ),
        (
            "DROP TABLE audit_log_default",
            "Both logs have today's partition and a default",
            "the default one of audit_log",
        ),
        (
            "GRANT SELECT (id) ON audit_log TO tidegate_directory",
            "Each role has rights on its own tables only",
            "tidegate_directory on audit_log",
        ),
        (
            "GRANT UPDATE ON audit_log TO tidegate_directory",
            "Each role has rights on its own tables only",
            "tidegate_directory on audit_log",
        ),
        (
            "UPDATE alembic_version SET version_num = 'another'",
            "The schema stands at this version",
            "revision another",
        ),
    ],
)
async def test_each_harm_is_found_and_named(fresh_dsns: Dsns, harm: str, check: str, named: str) -> None:
    await tell(fresh_dsns.owner, harm)
    found = await illnesses(fresh_dsns.runtime)
    assert check in found, found
    assert named in found[check].detail
    assert found[check].mend


async def test_a_view_that_asks_as_its_reader_is_no_harm(fresh_dsns: Dsns) -> None:
    await tell(fresh_dsns.owner, "CREATE VIEW fine WITH (security_invoker = true) AS SELECT * FROM orders")
    assert await illnesses(fresh_dsns.runtime) == {}


async def test_rows_that_show_without_a_tenant_are_found(fresh_dsns: Dsns) -> None:
    await tell(
        fresh_dsns.owner,
        "ALTER TABLE event_heads NO FORCE ROW LEVEL SECURITY",
        f"INSERT INTO event_heads VALUES ('{TENANT}', 1, now())",
        "ALTER TABLE event_heads FORCE ROW LEVEL SECURITY",
        "CREATE POLICY wide ON event_heads FOR SELECT TO tidegate_runtime USING (true)",
    )
    found = await illnesses(fresh_dsns.runtime)
    assert found["A connection without a tenant sees nothing"].detail == "event_heads"


async def test_the_owner_must_not_serve(dsns: Dsns) -> None:
    found = await illnesses(dsns.owner)
    assert "announcements" in found["The serving login owns nothing"].detail
    assert "Row-level security binds the serving login" in found


async def test_a_superuser_must_not_serve(dsns: Dsns) -> None:
    if dsns.superuser == dsns.owner:
        pytest.skip("the given server has no superuser for tests")
    found = await illnesses(dsns.superuser)
    assert "is a superuser" in found["Row-level security binds the serving login"].detail


async def test_a_redis_that_does_not_answer_is_found() -> None:
    finding = await examine_redis("redis://127.0.0.1:1")
    assert not finding.ok
    assert "REDIS_URL" in finding.mend


async def test_an_address_that_is_none_is_found() -> None:
    assert not (await examine_redis("redis://[")).ok


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("ALTER POLICY tenant ON orders USING (true)", "A tenant that is nobody's sees nothing"),
        ("ALTER POLICY tenant ON orders WITH CHECK (true)", "No tenant writes another's rows"),
        ("ALTER TABLE order_items DISABLE ROW LEVEL SECURITY", "No tenant writes another's rows"),
    ],
)
async def test_the_tables_themselves_are_asked_as_somebody_elses(fresh_dsns: Dsns, harm: str, check: str) -> None:
    columns = "tenant_id, id, number, status, customer_id, currency, total, version, created_at, updated_at"
    values = f"'{TENANT}', gen_random_uuid(), 'x', 'PENDING', gen_random_uuid(), 'EUR', 0, 1, now(), now()"
    row = f"INSERT INTO orders ({columns}) VALUES ({values})"
    await tell(fresh_dsns.superuser, "SET session_replication_role = replica", row, harm)
    found = await illnesses(fresh_dsns.runtime)
    assert check in found
    assert "order" in found[check].detail
    seen = {each.check for each in await examine_isolation(fresh_dsns.runtime) if not each.ok}
    assert (NOBODYS in seen) is (NOBODYS in found)


async def test_examining_writes_nothing(fresh_dsns: Dsns) -> None:
    before = await counted(fresh_dsns.superuser)
    await examine_database(fresh_dsns.runtime)
    assert await counted(fresh_dsns.superuser) == before


async def counted(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        return [
            await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ("orders", "event_log", "audit_log")
        ]
    finally:
        await connection.close()
