"""Ways in which other live systems lose rows, tried on streams: numbers that are taken before the commit, cursors made
of times, gaps that are waited for, wake-ups that are trusted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest

from db.audit_records import Actor
from db.clock import utc_now
from db.engine import Database
from db.events import EventDraft
from db.ids import public_id
from db.orders import lock_order, update_order
from db.tenancy import TenantId, TenantWriter
from tests.support.database import Server
from tests.support.server import Front, open_front
from tests.support.streams import StreamClient
from tests.support.waiting import until_answered

WATCH = "subscription ($after: String) { orderEvents(after: $after) { id cursor ts } }"
ACTOR = Actor("00000000000070008000000000000001", None)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A server, its acme's orders (hex ids), and the database past every door."""

    front: Front
    tenant: TenantId
    orders: list[str]
    superuser: asyncpg.Connection

    def writer(self, database: Database | None = None) -> TenantWriter:
        """In the server's own process, unless another database is given: then nobody is told of the commit."""
        return (database or self.front.database).writer(self.tenant, ACTOR)

    async def change(self, place: int, database: Database | None = None) -> str:
        """Commit a change of the order at that place; its public id."""
        async with self.writer(database) as writer:
            await note(writer, self.orders[place])
        return self.id(place)

    def id(self, place: int) -> str:
        return public_id("ord", self.orders[place])

    @asynccontextmanager
    async def watching(self, after: str | None = None) -> AsyncIterator[StreamClient]:
        """A stream that knows where it begins."""
        bearer = await self.front.bearer("manager")
        async with self.front.stream(WATCH, {"after": after}, bearer) as stream:
            await stream.wait_for_id()
            yield stream


async def note(writer: TenantWriter, order: str) -> None:
    """Change an order's notes, and record it."""
    before = await lock_order(writer, order)
    assert before is not None
    after = await update_order(writer, before, {"notes": uuid4().hex}, utc_now())
    writer.record(EventDraft("order.updated", "order", order, after["version"], dict(before), dict(after)))


async def told(stream: StreamClient, count: int) -> tuple[list[str], list[str]]:
    """The next results' orders, and their cursors."""
    events = [(await stream.wait_for_next()).payload["data"]["orderEvents"] for _ in range(count)]
    return [event["id"] for event in events], [event["cursor"] for event in events]


@pytest.fixture(scope="module")
async def shelf(server: Server) -> AsyncIterator[Shelf]:
    dsns = await server.create(name := uuid4().hex)
    async with open_front(dsns, orders=60) as front:
        superuser = await asyncpg.connect(dsns.superuser)
        tenant = await superuser.fetchval("SELECT id FROM tenants WHERE slug = 'acme'")
        rows = await superuser.fetch("SELECT id FROM orders WHERE tenant_id = $1 ORDER BY id LIMIT 10", tenant)
        yield Shelf(front, TenantId(tenant.hex), [row["id"].hex for row in rows], superuser)
        await superuser.close()
    await server.drop(name)


async def test_two_transactions_that_commit_in_the_opposite_order_of_their_starts_are_both_told(shelf: Shelf) -> None:
    """A cursor on numbers from a sequence, or on transaction ids, is past the first one when that one commits."""
    async with shelf.watching() as stream:
        async with shelf.writer() as first:
            await note(first, shelf.orders[0])
            second = await shelf.change(1)
            (ids, (cursor,)) = await told(stream, 1)
            assert ids == [second]
        assert (await told(stream, 1))[0] == [shelf.id(0)]
    async with shelf.watching(cursor) as resumed:
        assert (await told(resumed, 1))[0] == [shelf.id(0)]


async def test_events_of_one_time_are_told_apart_and_resumed_between(shelf: Shelf) -> None:
    """A cursor on a time either skips what happened at the same moment or tells it again."""
    await shelf.superuser.execute(
        "INSERT INTO event_heads AS h VALUES ($1, 0, now() + interval '1 minute')"
        " ON CONFLICT (tenant_id) DO UPDATE SET ts = excluded.ts",
        shelf.tenant.hex,
    )
    async with shelf.watching() as stream:
        changed = [await shelf.change(place) for place in range(6)]
        ids, cursors = await told(stream, 6)
        times = {block.payload["data"]["orderEvents"]["ts"] for block in stream.blocks if block.event == "next"}
    assert (ids, len(times)) == (changed, 1)
    for place, cursor in enumerate(cursors[:-1], 1):
        async with shelf.watching(cursor) as resumed:
            assert (await told(resumed, 6 - place))[0] == changed[place:]


async def test_a_number_that_was_rolled_back_leaves_no_gap_and_holds_nothing_up(shelf: Shelf) -> None:
    """A reader that waits for a missing number waits for ever; one that does not loses those that are only late."""
    async with shelf.watching() as stream:
        async with asyncio.TaskGroup() as tasks:
            rolled_back = shelf.superuser.transaction()
            await rolled_back.start()
            await shelf.superuser.execute("UPDATE event_heads SET seq = seq + 1 WHERE tenant_id = $1", shelf.tenant.hex)
            behind_it = tasks.create_task(shelf.change(2))
            await asyncio.sleep(0.05)
            assert not behind_it.done()
            await rolled_back.rollback()
        changed = [behind_it.result(), await shelf.change(3)]
        assert (await told(stream, 2))[0] == changed
    seqs = await shelf.superuser.fetch("SELECT seq FROM event_log WHERE tenant_id = $1 ORDER BY seq", shelf.tenant.hex)
    assert [row["seq"] for row in seqs] == list(range(1, len(seqs) + 1))


async def test_a_writer_that_is_stuck_holds_up_nobody(shelf: Shelf) -> None:
    """A cursor below the oldest open transaction stands still for as long as somebody forgets to commit."""
    async with shelf.watching() as stream:
        async with shelf.writer() as stuck:
            await note(stuck, shelf.orders[0])
            changed = [await shelf.change(place) for place in range(1, 6)]
            assert (await told(stream, 5))[0] == changed
        assert (await told(stream, 1))[0] == [shelf.id(0)]


async def test_commits_that_nobody_was_told_of_are_found_and_told(shelf: Shelf) -> None:
    """A stream that trusts its wake-ups sleeps through one that was lost."""
    elsewhere = await Database.open(shelf.front.app.state.settings.database_url, size=1, directory_size=1)
    try:
        async with shelf.watching() as stream:
            changed = [await shelf.change(place, elsewhere) for place in range(3)]
            assert (await told(stream, 3))[0] == changed
    finally:
        await elsewhere.close()


async def test_a_listener_that_keeps_losing_its_connection_costs_no_event(shelf: Shelf) -> None:
    """What is said while nobody listens is gone: the log is read again as soon as somebody does."""
    elsewhere = await Database.open(shelf.front.app.state.settings.database_url, size=1, directory_size=1)
    try:
        async with shelf.watching() as stream:
            for place in range(4):
                await until_answered(lambda: shelf.superuser.fetch(_HANG_UP_ON_LISTENERS))
                changed = await shelf.change(place, elsewhere)
                assert (await told(stream, 1))[0] == [changed]
    finally:
        await elsewhere.close()


_HANG_UP_ON_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen%'
"""
