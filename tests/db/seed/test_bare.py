"""A large seed fills tables that have no indexes and no foreign keys meanwhile: rows and tables are the same."""

import asyncpg
import pytest

from db.seed import EPOCH, SeedProgress
from db.seed.bare import BARED, Bare
from db.seed.plan import plan_tenants
from db.seed.seeding import Counter, load_at_once
from tests.support.database import Dsns
from tests.support.order_hours import differences
from tests.support.seeding import ORDERS, ROLES, TENANTS, fingerprint, make_small_seed, reading

FOUNDING = {name: (grants, ()) for name, grants in ROLES.items()}

SHAPE = """
SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
    SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND convalidated
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('%s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
) AS lines (line)
"""
STRANGE = "019a0000-0000-7000-8000-000000000bad"


async def shape(dsns: Dsns) -> str:
    """Every key, index and policy switch, one a line."""
    async with reading(dsns.owner) as connection:
        lines: str = await connection.fetchval(SHAPE)
    return lines


async def at_once(dsns: Dsns) -> None:
    plans = plan_tenants(ORDERS, TENANTS, 1, EPOCH)
    await load_at_once(dsns.owner, plans, FOUNDING, Counter(plans, None))


async def test_all_tenants_at_once_are_the_rows_of_each_for_itself(seeded: Dsns, fresh_dsns: Dsns) -> None:
    before = await shape(fresh_dsns)
    await at_once(fresh_dsns)
    assert await fingerprint(fresh_dsns) == await fingerprint(seeded)
    assert await shape(fresh_dsns) == before
    assert "pk_orders PRIMARY KEY" in before
    async with reading(fresh_dsns.superuser) as connection:
        assert await differences(connection) == []


async def test_an_interrupted_one_leaves_nothing_and_every_index(seeded: Dsns, fresh_dsns: Dsns) -> None:
    before, plans = await shape(fresh_dsns), plan_tenants(ORDERS, TENANTS, 1, EPOCH)

    def interrupt(progress: SeedProgress) -> None:
        if progress.done > ORDERS // 2:
            raise KeyError("interrupted")

    with pytest.raises(KeyError):
        await load_at_once(fresh_dsns.owner, plans, FOUNDING, Counter(plans, interrupt))
    assert await shape(fresh_dsns) == before
    async with reading(fresh_dsns.owner) as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenants") == 0
    await make_small_seed(fresh_dsns)
    assert await fingerprint(fresh_dsns) == await fingerprint(seeded)


async def test_bare_tables_have_no_index_and_no_foreign_key(dsns: Dsns) -> None:
    async with reading(dsns.owner) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await Bare.make(connection)
        left = await connection.fetch(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = ANY($1::regclass[]) UNION ALL "
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY($1::regclass[])",
            BARED,
        )
        await transaction.rollback()
    assert left == []


@pytest.mark.parametrize("tenant", ["acme", "globex"])
async def test_a_row_without_its_parent_is_found_in_every_tenant(fresh_dsns: Dsns, tenant: str) -> None:
    await make_small_seed(fresh_dsns)
    before = await shape(fresh_dsns)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_order_terms_tenant_id_order_id"):
        await strange_word(fresh_dsns, tenant)
    assert await shape(fresh_dsns) == before


async def strange_word(dsns: Dsns, tenant: str) -> None:
    """A word of an order that is nowhere, put in while the tables are bare."""
    async with reading(dsns.owner, tenant) as connection, connection.transaction():
        bare = await Bare.make(connection)
        await connection.execute(
            "INSERT INTO order_terms (tenant_id, order_id, source, term) "
            "VALUES (current_setting('tidegate.tenant')::uuid, $1, 0, 'strange')",
            STRANGE,
        )
        await connection.execute("SELECT set_config('tidegate.tenant', '', true)")
        await bare.undo(connection)
