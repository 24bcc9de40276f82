"""Deploying without a pause: migrations only add, so that the version that runs goes on while the next one begins."""

from collections.abc import Mapping
from itertools import pairwise

import asyncpg
import pytest

from db.migrations.head import head_revision, lineage, serves
from db.migrations.run import upgrade
from tests.support.database import Dsns
from tests.support.plant import connected

BEGAN = "20261129_1810"
"""The newest revision that is exempt: before it nobody had a deployment to keep running."""
COLUMNS = """
SELECT c.relname || '.' || a.attname AS place, format_type(a.atttypid, a.atttypmod) AS kind, a.attnotnull AS needed,
    a.atthasdef OR a.attidentity <> '' AS filled
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname <> 'alembic_version'
"""
RIGHTS = """
SELECT concat_ws(' ', grantee, privilege_type, table_name) AS right FROM information_schema.table_privileges
WHERE table_schema = 'public' AND table_name NOT LIKE '%_log_%'
"""
DEMANDS = """
SELECT c.relname || ': ' || pg_get_constraintdef(k.oid) AS demand, c.relname AS "table",
    ARRAY(SELECT c.relname || '.' || attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY (k.conkey)) AS of
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.connamespace = 'public'::regnamespace AND NOT c.relispartition AND k.contype IN ('c', 'u', 'f', 'p', 'x')
"""


class Schema:
    """What a schema offers to those who use it, and what it demands of what they write."""

    def __init__(
        self, columns: list[asyncpg.Record], rights: list[asyncpg.Record], demands: list[asyncpg.Record]
    ) -> None:
        self.columns: Mapping[str, asyncpg.Record] = {row["place"]: row for row in columns}
        self.rights = {row["right"] for row in rights}
        self.demands: Mapping[str, asyncpg.Record] = {row["demand"]: row for row in demands}
        self.tables = {place.partition(".")[0] for place in self.columns}

    def takes_away_from(self, before: "Schema") -> list[str]:
        """Why code that was written for the one before may fail on this one."""
        wrong = [f"{place} is gone" for place in before.columns.keys() - self.columns.keys()]
        for place, row in self.columns.items():
            was = before.columns.get(place)
            if was is not None and was["kind"] != row["kind"]:
                wrong.append(f"{place} was {was['kind']}")
            known = place.partition(".")[0] in before.tables
            if known and row["needed"] and not (was and was["needed"]) and not row["filled"]:
                wrong.append(f"{place} has to be written")
        wrong += [f"no longer {right}" for right in before.rights - self.rights]
        wrong += [
            f"{demand} is demanded"
            for demand, row in self.demands.items()
            if row["table"] in before.tables and demand not in before.demands and set(row["of"]) <= set(before.columns)
        ]
        return wrong


async def schema_of(dsns: Dsns) -> Schema:
    async with connected(dsns.owner) as connection:
        return Schema(*[await connection.fetch(sql) for sql in (COLUMNS, RIGHTS, DEMANDS)])


@pytest.fixture
async def steps(empty_dsns: Dsns) -> list[tuple[str, Schema]]:
    """The schema at each revision since the rule holds."""
    found = []
    for revision in lineage()[lineage().index(BEGAN) :]:
        await upgrade(empty_dsns.owner, revision=revision)
        found.append((revision, await schema_of(empty_dsns)))
    return found


async def test_no_migration_takes_away_what_the_version_before_it_uses(steps: list[tuple[str, Schema]]) -> None:
    wrong = {revision: schema.takes_away_from(before) for (_, before), (revision, schema) in pairwise(steps)}
    assert steps[-1][0] == head_revision()
    assert not {revision: reasons for revision, reasons in wrong.items() if reasons}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("ALTER TABLE orders DROP COLUMN notes", "orders.notes is gone"),
        ("ALTER TABLE orders RENAME COLUMN notes TO remark", "orders.notes is gone"),
        ("ALTER TABLE tenants ALTER COLUMN name TYPE varchar(9)", "tenants.name was text"),
        ("ALTER TABLE tenants ADD COLUMN plan text NOT NULL", "tenants.plan has to be written"),
        ("ALTER TABLE orders ALTER COLUMN notes SET NOT NULL", "orders.notes has to be written"),
        ("REVOKE UPDATE ON orders FROM tidegate_runtime", "no longer tidegate_runtime UPDATE orders"),
        (
            "ALTER TABLE tenants ADD CHECK (length(name) < 9)",
            "tenants: CHECK ((length(name) < 9)) is demanded",
        ),
        ("DROP TABLE order_terms CASCADE", "order_terms.term is gone"),
        ("ALTER TABLE tenants ADD COLUMN plan text NOT NULL DEFAULT 'free' CHECK (plan <> '')", None),
        ("ALTER TABLE tenants ADD COLUMN plan text; CREATE TABLE plans (name text PRIMARY KEY)", None),
    ],
)
async def test_what_takes_away_is_told_from_what_adds(dsns: Dsns, change: str, wrong: str | None) -> None:
    before = await schema_of(dsns)
    async with connected(dsns.owner) as connection:
        changing = connection.transaction()
        await changing.start()
        try:
            await connection.execute("TRUNCATE tenants, orders CASCADE")  # what other tests left: here rows are none
            await connection.execute(change)
            after = Schema(*[await connection.fetch(sql) for sql in (COLUMNS, RIGHTS, DEMANDS)])
        finally:
            await changing.rollback()
    reasons = after.takes_away_from(before)
    assert wrong in reasons if wrong is not None else not reasons


def test_code_serves_its_own_schema_and_a_newer_one_never_an_older_one() -> None:
    assert serves(head_revision())
    assert serves("29990101_0000")
    assert not any(serves(revision) for revision in (*lineage()[:-1], "another", None))
