"""What is read at a real standby that streams from a real primary, by whom, and how old it may be."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.statements import Statement
from tests.support.members import following, person
from tests.support.redis import RedisServer
from tests.support.replica import NOTES, PAGE, WHERE, Caller, Site, another, open_site
from tests.support.standby import tell
from tests.support.waiting import until

TENANTS = Statement("SELECT DISTINCT replace(tenant_id::text, '-', '') FROM orders", (), {})


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with open_site(tmp_path_factory.mktemp("r")) as site:
        yield site


async def test_queries_are_read_at_the_replica_and_what_a_mutation_shows_at_the_primary(site: Site) -> None:
    caller = await site.somebody()
    async with site.reading(replica=1):
        assert await caller.notes() != "at the primary"
    there = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidegate' AND query LIKE '%FROM orders%'"
    assert await site.pair.tell_standby(there)
    async with site.reading():
        await caller.write("at the primary")
    told = site.front.app.state.metrics.registry.get_sample_value
    assert told("tidegate_reads_total", {"server": "replica"}) == site.replica.reads["replica"]
    assert told("tidegate_replica_serves") == 1
    assert 0 <= (told("tidegate_replica_lag_seconds") or -1) < 3
    assert await site.ready() == (200, "ready", True)


async def test_a_writer_reads_its_write_while_replay_stands_still_and_others_are_served_what_was(site: Site) -> None:
    writer, other = await site.somebody(), await site.somebody()
    before = await other.notes()
    async with site.pair.paused():
        position = await writer.write("ring twice")
        assert await writer.notes() == "ring twice"
        async with site.reading(replica=1):
            assert await other.notes() == before
        async with site.reading(primary=3):
            assert await other.notes({"Tidegate-Position": position}) == "ring twice"
            body = {"query": NOTES, "variables": {"id": other.order}, "extensions": {"position": position}}
            answer = await site.front.client.post("/graphql", json=body, headers=other.headers)
            assert answer.json()["data"]["order"]["notes"] == "ring twice"
            assert await other.notes({"Tidegate-Position": "what nobody said"}) == "ring twice"
    await site.pair.caught_up()
    async with site.reading(replica=2):
        assert await writer.notes() == "ring twice"
        assert await other.notes({"Tidegate-Position": position}) == "ring twice"


async def test_a_writer_waits_for_its_write_rather_than_go_to_the_primary(site: Site) -> None:
    writer = await site.somebody()
    await until(lambda: site.replica.is_worth_waiting_for)
    for number in range(20):
        async with site.reading(replica=1):
            await writer.write(f"number {number}")
            assert await writer.notes() == f"number {number}"


async def test_another_tenants_position_is_no_hint_and_no_harm(site: Site) -> None:
    mine, theirs = await site.somebody(), await person(site.front, slug="globex")
    position = await mine.write("mine")
    caller = Caller(site, theirs, await theirs.bearer())
    async with site.reading(primary=1):
        await caller.notes({"Tidegate-Position": position})


async def test_who_was_told_of_a_change_reads_it(site: Site) -> None:
    writer, watcher = await site.somebody(), await site.somebody()
    async with following(watcher.who, watcher.headers) as stream, site.pair.paused():
        await writer.write("told first")
        told = await stream.wait_for_next()
        assert await watcher.notes() == "told first"
    async with another(site) as other, site.pair.paused():
        stranger = Caller(other, watcher.who, watcher.headers)
        await writer.write("told at another worker")
        assert await stranger.notes() == "told first"
        assert await stranger.notes({"Tidegate-Position": str(told.id)}) == "told first"
        position = await writer.write("told again")
        assert await stranger.notes({"Tidegate-Position": position}) == "told again"


async def test_workers_know_what_was_written_at_the_others(site: Site, redis: RedisServer) -> None:
    given = {"redis_url": redis.url, "replica_lag_seconds": 4.0}
    async with another(site, **given) as here, another(site, **given) as there:
        writer, other = await here.somebody(), await there.somebody()
        assert await other.fetch(WHERE) is False  # nothing is known yet of what was written before it heard
        await until(lambda: there.replica.writes.of(other.who.tenant.hex, other.who.id) is None)
        before = await other.notes()
        async with site.pair.paused():
            await writer.write("at one worker")
            assert await Caller(there, writer.who, writer.headers).notes() == "at one worker"
            assert await other.notes() == before


async def test_nothing_is_read_that_is_older_than_the_bound(site: Site) -> None:
    async with another(site, replica_lag_seconds=0.5) as strict:
        writer, other = await strict.somebody(), await strict.somebody()
        async with site.pair.paused():
            await writer.write("half a second ago")
            await asyncio.sleep(0.5)
            assert await other.notes() == "half a second ago"
            assert strict.replica.passed_on["lag"] == 1
            assert await strict.ready() == (200, "degraded", False)
        await until(lambda: strict.replica.serves)
        assert await strict.ready() == (200, "ready", True)


async def test_the_audit_trail_is_read_where_all_of_it_is(site: Site) -> None:
    admin = await person(site.front, "admin")
    caller = Caller(site, admin, await admin.bearer())
    async with site.pair.paused():
        await caller.write("on record")
        history = "query($id: ID!) { orderHistory(id: $id, first: 1) { nodes { action actor { email } } } }"
        other = Caller(site, admin, (await (await person(site.front, "admin")).bearer()))
        (newest,) = (await other.ask(history))["data"]["orderHistory"]["nodes"]
        assert newest["actor"]["email"] == admin.email


async def test_tenants_that_share_one_connection_to_the_replica_are_never_mixed(site: Site) -> None:
    async with another(site, pool_size=1) as narrow:
        people = [await person(narrow.front, slug=slug) for slug in ("acme", "globex", "initech")]
        callers = [Caller(narrow, who, await who.bearer()) for who in people]
        every = "SELECT array_agg(replace(concat('ord_', id, tenant_id), '-', '')) FROM orders"
        owned = set(await tell(site.pair.primary.superuser, every))

        async def page(caller: Caller) -> None:
            tenant = caller.who.tenant.hex
            seen = {node["id"] + tenant for node in (await caller.ask(PAGE))["data"]["orders"]["nodes"]}
            assert seen
            assert seen <= owned
            assert await caller.fetch(TENANTS) == tenant  # without a predicate

        await asyncio.gather(*(page(caller) for caller in callers * 15))
        assert narrow.replica.reads["replica"] > narrow.replica.reads["primary"]
