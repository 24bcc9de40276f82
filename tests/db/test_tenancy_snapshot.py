"""A snapshot reads from one point: what is committed meanwhile is not seen, and its connection is held for a bounded
time and never lent on after an error.
"""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from db.errors import BadValue, DatabaseAway, QueryTimeout
from db.events import EventDraft, head_of
from db.listings import page_of
from db.orders import LISTING, items_of_orders, lock_order, orders_by_id, update_order
from db.pages import PageRequest, SortKey
from db.statements import Statement
from db.tenancy import TenantSnapshot
from tests.support.plant import NOON, THEIRS, Floor, planted
from tests.support.waiting import until

SLEEP = Statement("SELECT pg_sleep(30)", (), {})
TEXT = Statement("SELECT $1::text AS given", ("given",), {})
BACKEND = Statement("SELECT pg_backend_pid() AS pid", (), {})
TENANT = Statement("SELECT current_setting('tidegate.tenant')", (), {})
WRITE = Statement("UPDATE orders SET total = 0 RETURNING id", (), {})
FIRST_PAGE = PageRequest((SortKey("number"),), 5)


async def cancel_order(floor: Floor) -> str:
    """Change and log the first of my orders, by another connection."""
    order_id = str(planted(floor.mine)["orders"][0]["id"])
    async with floor.writer() as writer:
        order = await lock_order(writer, order_id)
        assert order is not None
        await update_order(writer, order, {"status": "REFUNDED", "notes": "gone"}, NOON + timedelta(days=300))
        writer.record(EventDraft("order.updated", "order", order_id, 2, None, {"id": order_id}))
    return order_id


async def backend(snapshot: TenantSnapshot) -> int:
    return int((await snapshot.fetch(BACKEND))[0]["pid"])


async def test_page_relations_and_head_are_read_from_one_point(fresh_floor: Floor) -> None:
    async with fresh_floor.database.snapshot(fresh_floor.mine) as snapshot:
        page = await page_of(snapshot, LISTING, FIRST_PAGE)
        changed = await cancel_order(fresh_floor)
        assert (await head_of(snapshot)) == await head_of(snapshot)
        assert (await head_of(snapshot)).seq == 13  # type: ignore[union-attr]  # it was planted
        rows = await orders_by_id(snapshot, [changed])
        assert rows[changed] == page.rows[0]
        assert changed in await items_of_orders(snapshot, [changed])
    head = await head_of(fresh_floor.reader())
    assert head is not None
    assert head.seq == 14
    assert (await orders_by_id(fresh_floor.reader(), [changed]))[changed]["status"] == "REFUNDED"


async def test_the_point_is_that_of_the_first_statement(fresh_floor: Floor) -> None:
    async with fresh_floor.database.snapshot(fresh_floor.mine) as snapshot:
        changed = await cancel_order(fresh_floor)
        assert (await orders_by_id(snapshot, [changed]))[changed]["status"] == "REFUNDED"


async def test_statements_sent_at_once_share_the_one_connection(floor: Floor) -> None:
    async with floor.database.snapshot(floor.mine) as snapshot:
        assert len(set(await asyncio.gather(*(backend(snapshot) for _ in range(8))))) == 1
    assert floor.database.pool.in_use == 0


async def test_nothing_can_be_written_through_a_snapshot(floor: Floor) -> None:
    async with floor.database.snapshot(floor.mine) as snapshot:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await snapshot.fetch(WRITE)
    assert (await floor.raw("SELECT count(*) FROM orders WHERE total = 0"))[0][0] < len(floor.rows["orders"])


async def test_tenants_take_turns_on_a_connection_and_see_their_own(floor: Floor) -> None:
    for tenant in (floor.mine, THEIRS, floor.mine):
        async with floor.database.snapshot(tenant) as snapshot:
            assert (await snapshot.fetch(TENANT))[0][0] == tenant.hex
            page = await page_of(snapshot, LISTING, FIRST_PAGE)
            assert {row["id"] for row in page.rows} <= {row["id"] for row in planted(tenant)["orders"]}
        assert (await floor.reader(tenant).fetch(TENANT))[0][0] == tenant.hex


async def test_a_healthy_connection_is_given_back_and_lent_again(floor: Floor) -> None:
    async with floor.database.snapshot(floor.mine) as snapshot:
        first = await backend(snapshot)
    with pytest.raises(LookupError):
        async with floor.database.snapshot(floor.mine) as snapshot:
            raise LookupError("a rule above says no")
    async with floor.database.snapshot(floor.mine) as snapshot:
        assert await backend(snapshot) == first


async def pid_of_a_broken(floor: Floor, statement: Statement, **values: object) -> int:
    """A snapshot in which a statement fails, its error held back."""
    async with floor.database.snapshot(floor.mine) as snapshot:
        pid = await backend(snapshot)
        with pytest.raises((BadValue, asyncpg.PostgresError)):
            await snapshot.fetch(statement, **values)
    return pid


@pytest.mark.parametrize("given", ["\0", "x"])
async def test_a_connection_that_saw_an_error_is_not_lent_again(floor: Floor, given: str) -> None:
    failing = TEXT if given == "\0" else Statement("SELECT 1 / 0", (), {})
    pid = await pid_of_a_broken(floor, failing, given=given)
    assert floor.database.pool.in_use == 0
    async with floor.database.snapshot(floor.mine) as snapshot:
        assert await backend(snapshot) != pid


async def test_a_snapshot_held_past_its_deadline_loses_its_connection(floor: Floor) -> None:
    async with TenantSnapshot(floor.database.pool, floor.mine, seconds=0.05) as snapshot:
        with pytest.raises(QueryTimeout):
            await snapshot.fetch(SLEEP)
        assert floor.database.pool.in_use == 0
        with pytest.raises(QueryTimeout):
            await snapshot.fetch(BACKEND)
    async with TenantSnapshot(floor.database.pool, floor.mine, seconds=0.05):
        await until(lambda: floor.database.pool.in_use == 0)
    assert floor.database.pool.in_use == 0


async def test_a_cancelled_snapshot_gives_its_seat_up(floor: Floor) -> None:
    async def hold() -> None:
        async with floor.database.snapshot(floor.mine) as snapshot:
            await snapshot.fetch(SLEEP)

    holding = asyncio.create_task(hold())
    await until(lambda: floor.database.pool.in_use == 1)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert floor.database.pool.in_use == 0


async def test_a_statement_left_running_when_the_block_ends_takes_the_connection_with_it(floor: Floor) -> None:
    async with floor.database.snapshot(floor.mine) as snapshot:
        running = asyncio.create_task(snapshot.fetch(SLEEP))
        await asyncio.sleep(0.05)
    assert floor.database.pool.in_use == 0
    with pytest.raises(DatabaseAway):
        await running


async def test_a_snapshot_outside_its_block_reads_nothing(floor: Floor) -> None:
    snapshot = TenantSnapshot(floor.database.pool, floor.mine)
    with pytest.raises(RuntimeError):
        await snapshot.fetch(TEXT, given="x")
    async with snapshot:
        pass
    with pytest.raises(RuntimeError):
        await snapshot.fetch(TEXT, given="x")


async def test_snapshots_leave_half_of_the_connections_to_others(floor: Floor) -> None:
    release = asyncio.Event()

    async def hold() -> None:
        async with floor.database.snapshot(floor.mine) as snapshot:
            await snapshot.fetch(BACKEND)
            await release.wait()

    async with asyncio.TaskGroup() as holding:
        for _ in range(floor.database.pool.size + 1):
            holding.create_task(hold())
        await until(lambda: floor.database.pool.in_use == floor.database.pool.size // 2)
        assert await asyncio.gather(*(floor.reader().fetch(TENANT) for _ in range(20)))
        assert floor.database.pool.in_use == floor.database.pool.size // 2
        release.set()
    assert floor.database.pool.in_use == 0


async def test_a_database_that_hung_up_is_told_as_away(floor: Floor, superuser: asyncpg.Connection) -> None:
    async with floor.database.snapshot(floor.mine) as snapshot:
        await superuser.execute("SELECT pg_terminate_backend($1)", await backend(snapshot))
        with pytest.raises(DatabaseAway):
            await snapshot.fetch(BACKEND)
    assert floor.database.pool.in_use == 0
