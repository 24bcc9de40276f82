"""Queries are answered whatever becomes of a real standby: killed, frozen, promoted, or taking a statement away."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from db.doctor_replica import examine_replica
from db.statements import Statement
from tests.support.replica import PAGE, WHERE, Site, another, open_site
from tests.support.standby import standby_of, tell
from tests.support.waiting import until

_A_WHILE = "pg_sleep(CASE WHEN pg_is_in_recovery() THEN 5 ELSE 0 END)"
SLOW = Statement(f"SELECT pg_is_in_recovery() FROM {_A_WHILE}", (), {})
HOLDING = Statement(f"SELECT pg_is_in_recovery() FROM orders, {_A_WHILE} LIMIT 1", (), {})
"""Take long at the replica alone."""


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with open_site(tmp_path_factory.mktemp("r")) as site:
        yield site


async def test_what_replay_takes_away_is_read_at_the_primary(site: Site) -> None:
    caller = await site.somebody()
    before = site.replica.passed_on["conflict"]
    reading = asyncio.create_task(caller.fetch(HOLDING))
    await site.pair.until_standby("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')")
    await tell(site.pair.primary.superuser, "DO $$ BEGIN LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; END $$")
    assert await reading is False
    assert site.replica.passed_on["conflict"] == before + 1
    assert site.replica.serves


async def test_queries_are_answered_though_the_replica_is_killed_under_them(site: Site) -> None:
    caller = await site.somebody()
    reading = [asyncio.create_task(caller.fetch(SLOW)) for _ in range(4)]
    asking = [asyncio.create_task(caller.ask(PAGE)) for _ in range(20)]
    await site.pair.until_standby("SELECT count(*) = 4 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    site.pair.signal(signal.SIGKILL)
    assert await asyncio.gather(*reading) == [False] * 4
    await asyncio.gather(*asking)
    async with site.reading(primary=1):
        await caller.notes()
    assert await site.ready() == (200, "degraded", False)
    site.pair.start()
    await until(lambda: site.replica.serves)
    async with site.reading(replica=1):
        await caller.notes()


async def test_queries_are_answered_though_the_replica_freezes_under_them(site: Site) -> None:
    caller = await site.somebody()
    await caller.notes()
    with site.pair.frozen():
        assert await caller.fetch(WHERE) is False
        held_up = site.replica.passed_on["timeout"]
        async with site.reading(primary=1):
            await caller.notes()
        assert site.replica.passed_on["timeout"] == held_up  # nobody after the first waits for it
    await until(lambda: site.replica.serves)


async def test_a_replica_that_was_promoted_is_not_read_any_more(site: Site) -> None:
    with standby_of(site.pair.primary, site.pair.folder.with_name("apart")) as apart:
        async with another(Site(site.front, apart)) as other:
            caller = await other.somebody()
            assert await caller.fetch(WHERE) is True
            await apart.tell_standby("SELECT pg_promote()")
            await until(lambda: not other.replica.serves)
            async with other.reading(primary=1):
                await caller.notes()
            (finding,) = await examine_replica(apart.primary.runtime, apart.standby.runtime)
            assert (finding.ok, finding.detail) == (False, "it is no standby")


async def test_the_doctor_examines_the_replica(site: Site) -> None:
    findings = await examine_replica(site.pair.primary.runtime, site.pair.standby.runtime)
    assert [each for each in findings if not each.ok] == []
    assert len(findings) > 6
    (away,) = await examine_replica(site.pair.primary.runtime, site.pair.standby.runtime + "0")
    assert (away.check, away.ok) == ("The replica answers", False)
