"""Live pages outlive a database that is away, a reader that is slow, rights that change, and a log that was cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from schema.live import run as live_run
from schema.live.member import Member
from tests.support.facts import new_order
from tests.support.live_orders import LIVE, Following, change, following, here, page
from tests.support.outages import away, cut
from tests.support.waiting import until, until_answered
from tests.support.world import World

NEWEST = {"first": 3, "orderBy": [{"field": "UPDATED_AT", "direction": "DESC"}]}
ROW = "id customer { name }"
NAMED_PAGE = f"{{ orders(first: 2, where: {{status: {{eq: PENDING}}}}) {{ nodes {{ {ROW} }} }} }}"
NAMED = f"""subscription {{ ordersLive(first: 2, where: {{status: {{eq: PENDING}}}}) {{
    cursor snapshot {{ nodes {{ {ROW} }} }} changes {{ op id index patch node {{ {ROW} }} }} }} }}"""
WITH_EMAIL = LIVE.replace("customer { id }", "customer { id email }")


async def test_a_page_waits_while_the_database_is_away_and_goes_on(fresh_world: World) -> None:
    world = fresh_world
    async with following(world, NEWEST) as live:
        order = await new_order(world)
        await live.next()
        async with away(world.dsns) as back:
            late = Following(await world.subscribe(LIVE, NEWEST))
            coming, arriving = asyncio.create_task(late.next()), asyncio.create_task(live.next())
            await asyncio.sleep(0.7)
            assert not coming.done()
            assert not arriving.done()
            back.set()
            await coming
        await change(world, order, notes="back again")
        await arriving
        await late.next()
        assert live.client.nodes == late.client.nodes == await page(world, NEWEST)
        assert live.client.pages == 1
        await late.aclose()


async def test_a_page_goes_on_after_its_connections_are_cut(fresh_world: World) -> None:
    world = fresh_world
    async with following(world, NEWEST) as live:
        for notes in ("one", "two", "three"):
            await cut(world.dsns)
            await until_written(world, notes)
        right = await page(world, NEWEST)
        while live.client.nodes != right:
            await live.next()
        assert live.client.pages == 1


async def until_written(world: World, notes: str) -> None:
    """A new order, once the doors have found that their connections are gone."""

    async def answered() -> bool:
        return not (
            await world.ask("{ customers(first: 1) { nodes { id } } products(first: 1) { nodes { id } } }")
        ).errors

    await until_answered(answered)
    await new_order(world, notes=notes)


@asynccontextmanager
async def locked(world: World, table: str) -> AsyncIterator[asyncpg.Connection]:
    """Nobody reads the table until the block ends."""
    locking = await asyncpg.connect(world.dsns.superuser)
    try:
        async with locking.transaction():
            await locking.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield locking
    finally:
        await locking.close()


WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'customers'::regclass"


async def names(world: World) -> list[str]:
    return [node["customer"]["name"] for node in (await world.ask(NAMED_PAGE)).data["orders"]["nodes"]]


async def test_relations_are_read_from_the_point_of_the_page(fresh_world: World) -> None:
    world = fresh_world
    before = await names(world)
    async with locked(world, "customers") as locking:  # before there is a stream: it begins to read by itself
        live = Following(await world.subscribe(NAMED))
        coming = asyncio.create_task(live.next())
        await until_answered(lambda: world.superuser.fetchval(WAITING))
        await locking.execute("UPDATE customers SET name = 'renamed meanwhile'")
    await coming
    assert [node["customer"]["name"] for node in live.client.nodes] == before
    assert set(await names(world)) == {"renamed meanwhile"}
    await live.aclose()


@pytest.mark.parametrize("begun", [False, True])
async def test_what_lost_its_database_while_it_was_read_comes_again_whole(fresh_world: World, begun: bool) -> None:
    world = fresh_world
    for _ in range(3):
        await new_order(world)
    live = Following(await world.subscribe(NAMED)) if begun else None
    if live is not None:
        await live.next()
    async with locked(world, "customers"):
        live = live or Following(await world.subscribe(NAMED))
        coming = asyncio.create_task(live.next())
        if begun:
            await change(world, live.client.ids[0], status="CANCELLED")
        await until_answered(lambda: world.superuser.fetchval(WAITING))
        await world.superuser.execute(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting")
    await coming
    assert live.client.nodes == (await world.ask(NAMED_PAGE)).data["orders"]["nodes"]
    assert live.client.ops == ([["LEAVE", "ENTER"]] if begun else [])
    await live.aclose()


async def test_who_falls_behind_the_tail_begins_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_run, "TAIL_FRAMES", 4)
    order = await new_order(world)
    async with following(world, NEWEST) as quick, following(world, NEWEST) as slow:
        for turn in range(8):
            await change(world, order, notes=f"turn {turn}")
            await quick.next()
        assert await slow.next()
        assert slow.client.pages == 2
        assert slow.client.nodes == quick.client.nodes == await page(world, NEWEST)
        await change(world, order, notes="both")
        await quick.next()
        await slow.next()
        assert slow.client.ops == [["UPDATE"]]
        assert quick.client.pages == 1


async def emails_after(live: Following) -> list[str | None]:
    """The next frame's emails, of a caller who may read none."""
    body = json.loads((await live.read()).payload)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
    assert b"@" not in json.dumps(body).encode()
    return [node["customer"]["email"] for node in body["data"]["ordersLive"]["snapshot"]["nodes"]]


@pytest.mark.parametrize("taken", [True, False])
async def test_other_rights_begin_anew_and_show_nothing_by_the_old(world: World, taken: bool) -> None:
    live = Following(await world.subscribe(WITH_EMAIL, NEWEST))
    await until(lambda: live.stream.cursor is not None)
    if taken:
        await live.next()
        assert all(node["customer"]["email"] for node in live.client.nodes)
    assert isinstance(live.stream.feed, Member)
    world.gateway.judge_again(live.stream.feed, world.principal("viewer"))
    assert await emails_after(live) == [None] * 3
    await live.aclose()


async def test_the_cursor_of_a_page_resumes_the_events_of_its_orders(world: World) -> None:
    async with following(world, NEWEST) as live:
        start = live.client.cursor
        order = await new_order(world)
        await live.next()
        assert live.client.cursor == await here(world)
    watch = "subscription($after: String) { orderEvents(after: $after) { id cursor } }"
    stream = await world.subscribe(watch, {"after": start})
    frame = await anext(aiter(stream))
    assert order.encode() in frame.payload
    assert frame.cursor == live.client.cursor
    await stream.aclose()
