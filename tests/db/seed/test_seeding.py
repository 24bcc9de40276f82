"""A seed is the same for the same number, whole or not at all, and made once."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.seed import EPOCH, SeedProgress, seed, seed_demo
from db.seed.load import LOADING
from db.seed.orders import order_rows
from db.seed.plan import plan_tenants
from db.seed.seeding import settle
from tests.support.database import Dsns
from tests.support.seeding import ORDERS, ROLES, TENANTS, ask, fingerprint, make_small_seed, reading

ROWS = """
from db.seed.catalog import product_rows
from db.seed.load import LOADING
from db.seed.seeding import settle
from db.seed.orders import order_rows
from db.seed.parties import customer_rows, staff_of
from db.seed.plan import plan_tenants
from db.seed import EPOCH
import hashlib
plan = plan_tenants(1200, 3, 1, EPOCH)[0]
rows = product_rows(plan) + customer_rows(plan, 0) + order_rows(plan, 0) + repr(staff_of(plan)).encode()
print(hashlib.sha256(rows).hexdigest())
"""


async def test_the_same_seed_makes_the_same_rows_and_another_seed_makes_others(seeded: Dsns, fresh_dsns: Dsns) -> None:
    await make_small_seed(fresh_dsns)
    assert await fingerprint(fresh_dsns) == await fingerprint(seeded)
    plan, other = (plan_tenants(ORDERS, TENANTS, number, EPOCH)[0] for number in (1, 2))
    assert plan.tenant_id != other.tenant_id
    assert order_rows(plan, 0) != order_rows(other, 0)


def test_rows_do_not_depend_on_the_process_that_makes_them() -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", ROWS]
        root = Path(__file__).parents[3]
        done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


async def test_a_second_call_keeps_what_is_there(seeded: Dsns) -> None:
    before = await fingerprint(seeded)
    report = await make_small_seed(seeded, number=2)
    assert report.made == ()
    assert report.kept == ("acme", "globex", "initech")
    assert await fingerprint(seeded) == before


async def test_an_interrupted_seed_leaves_whole_tenants_and_the_next_call_makes_the_rest(
    seeded: Dsns, fresh_dsns: Dsns
) -> None:
    def interrupt(progress: SeedProgress) -> None:
        if progress.done > ORDERS // 2:
            raise KeyError("interrupted")

    with pytest.raises(KeyError):
        await seed(fresh_dsns.owner, orders=ORDERS, tenants=TENANTS, roles=ROLES, progress=interrupt)
    async with reading(fresh_dsns.owner) as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenants") < TENANTS
    await make_small_seed(fresh_dsns)
    assert await fingerprint(fresh_dsns) == await fingerprint(seeded)


async def test_dead_rows_of_a_killed_seed_do_not_mislead_the_planner(fresh_dsns: Dsns) -> None:
    def interrupt(progress: SeedProgress) -> None:
        if progress.done:
            raise KeyError("interrupted")

    with pytest.raises(KeyError):
        await seed(fresh_dsns.owner, orders=ORDERS, tenants=1, roles=ROLES, progress=interrupt)
    async with reading(fresh_dsns.owner) as connection:
        await connection.execute("ANALYZE orders")
        assert await connection.fetchval("SELECT reltuples FROM pg_class WHERE relname = 'orders'") == 0
        await settle(connection)
        assert await connection.fetchval("SELECT relpages FROM pg_class WHERE relname = 'orders'") == 0


async def test_a_seed_waits_for_the_last_statements_of_a_killed_one(fresh_dsns: Dsns) -> None:
    async with reading(fresh_dsns.owner) as left, left.transaction(), reading(fresh_dsns.owner) as connection:
        await left.execute("SELECT pg_advisory_xact_lock_shared($1)", LOADING)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(settle(connection), 0.3)


async def test_two_seeds_at_once_make_one(seeded: Dsns, fresh_dsns: Dsns) -> None:
    first, second = await asyncio.gather(make_small_seed(fresh_dsns), make_small_seed(fresh_dsns))
    assert sorted((len(first.made), len(second.made))) == [0, TENANTS]
    assert await fingerprint(fresh_dsns) == await fingerprint(seeded)


async def test_the_report_counts_what_is_in_the_tables(fresh_dsns: Dsns) -> None:
    report = await make_small_seed(fresh_dsns)
    for made in report.made:
        async with reading(fresh_dsns.owner, made.slug) as connection:
            counts = [
                await connection.fetchval(f"SELECT count(*) FROM {table}")
                for table in ("customers", "products", "orders", "order_items")
            ]
        assert counts == [made.customers, made.products, made.orders, made.items]
    assert sum(made.orders for made in report.made) == ORDERS


async def test_progress_grows_to_the_total_and_ends_with_statistics(fresh_dsns: Dsns) -> None:
    seen: list[SeedProgress] = []
    await seed(fresh_dsns.owner, orders=ORDERS, tenants=2, roles=ROLES, progress=seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[0].done == 0
    assert seen[-1] == SeedProgress(ORDERS, ORDERS, "statistics")


async def test_the_demo_has_its_three_tenants_and_a_user_for_each_role(fresh_dsns: Dsns) -> None:
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    report = await seed_demo(fresh_dsns.owner, roles=ROLES, orders=1_000, now=now)
    assert [(made.slug, made.orders) for made in report.made] == [("acme", 1_000), ("globex", 200), ("initech", 50)]
    async with reading(fresh_dsns.owner) as connection:
        for tenant in ("acme", "globex", "initech"):
            for role in ROLES:
                row = await connection.fetchrow(
                    "SELECT role, password_hash FROM users JOIN member_roles ON user_id = users.id WHERE email = $1",
                    f"{role}@{tenant}.example",
                )
                assert row is not None
                assert (row["role"], row["password_hash"]) == (role, None)
    newest = await ask(fresh_dsns, "SELECT max(created_at) FROM orders")
    assert (now - newest).days < 3


async def test_a_seed_without_the_roles_of_its_staff_is_refused(dsns: Dsns) -> None:
    with pytest.raises(ValueError, match="manager, partner, viewer"):
        await seed(dsns.owner, orders=10, tenants=1, roles={"admin": []})
