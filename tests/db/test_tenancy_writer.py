"""A writer is one transaction: row, event and audit record together, or nothing."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from db.audit_records import AuditDraft
from db.engine import Database
from db.errors import BadValue, Duplicate
from db.events import EventDraft
from db.orders import insert_order, lock_order, update_order
from db.statements import Statement
from db.tenancy import TenantId, TenantWriter
from tests.support.audits import trail
from tests.support.plant import ACTOR, NOON, THEIRS, Floor, planted

SLEEP = Statement("SELECT pg_sleep(30)", (), {})
TEXT = Statement("SELECT $1::text AS given", ("given",), {})


def first_order(tenant: TenantId) -> str:
    """The order that the tests here try to change."""
    return str(planted(tenant)["orders"][0]["id"])


async def left_behind(floor: Floor) -> list[object]:
    """What of mine the tests here might change: the order, its log, its audit trail."""
    found: list[object] = []
    for table in ("orders", "order_terms", "event_heads", "event_log", "audit_log"):
        found += await floor.raw(f"SELECT t::text FROM {table} t ORDER BY 1")
    return found


async def cancel_order(writer: TenantWriter) -> None:
    """Change the row, record the event and the audit."""
    order = await lock_order(writer, first_order(writer.tenant))
    assert order is not None
    await update_order(writer, order, {"status": "CANCELLED", "notes": "gone"}, NOON + timedelta(days=300))
    writer.record(EventDraft("order.updated", "order", order["id"], 2, None, {"id": order["id"]}))
    writer.audit(AuditDraft("updateOrder", "order", order["id"], {"status": [order["status"], "CANCELLED"]}))


async def cancel_and_raise(writer: TenantWriter, error: BaseException) -> None:
    async with writer:
        await cancel_order(writer)
        raise error


async def cancel_and_send_nul(writer: TenantWriter) -> None:
    async with writer:
        await cancel_order(writer)
        await writer.fetch(TEXT, given="\0")


async def test_a_writer_leaves_row_event_and_audit_together(fresh_floor: Floor) -> None:
    async with fresh_floor.writer() as writer:
        await cancel_order(writer)
    assert writer.position is not None
    audit = (await trail(fresh_floor, fresh_floor.mine))[0]
    assert (await fresh_floor.raw("SELECT status FROM orders WHERE id = $1::uuid", first_order(fresh_floor.mine)))[0][
        0
    ] == "CANCELLED"
    assert (await fresh_floor.raw("SELECT max(seq) FROM event_log"))[0][0] == writer.position.seq == 14
    assert (audit["action"], audit["request_id"], audit["created_at"]) == (
        "updateOrder",
        "req-test",
        writer.position.ts,
    )
    assert audit["actor_id"].hex == ACTOR.user_id


@pytest.mark.parametrize("error", [ValueError("a rule says no"), asyncio.CancelledError(), asyncpg.DataError("bad")])
async def test_a_writer_that_raises_leaves_nothing(fresh_floor: Floor, error: BaseException) -> None:
    before, announced, writer = await left_behind(fresh_floor), [], fresh_floor.writer()
    fresh_floor.database.on_commit = lambda tenant, position: announced.append((tenant, position))
    with pytest.raises(type(error)):
        await cancel_and_raise(writer, error)
    assert await left_behind(fresh_floor) == before
    assert (announced, writer.position) == ([], None)


async def test_a_statement_that_fails_undoes_what_came_before_it(fresh_floor: Floor) -> None:
    before = await left_behind(fresh_floor)
    with pytest.raises(BadValue):
        await cancel_and_send_nul(fresh_floor.writer())
    assert await left_behind(fresh_floor) == before


async def test_a_writer_that_records_nothing_leaves_nothing(fresh_floor: Floor) -> None:
    before = await left_behind(fresh_floor)
    async with fresh_floor.writer() as writer:
        order = await lock_order(writer, first_order(writer.tenant))
        assert order is not None
        await update_order(writer, order, {"status": "CANCELLED"}, NOON)
    assert await left_behind(fresh_floor) == before


async def test_a_cancelled_task_loses_its_connection_and_its_transaction(fresh_floor: Floor) -> None:
    database = await Database.open(fresh_floor.dsns.runtime, size=1, directory_size=1)
    before, asleep = await left_behind(fresh_floor), asyncio.Event()
    database.observer = lambda sql: asleep.set() if "pg_sleep" in sql else None

    async def work() -> None:
        async with database.writer(fresh_floor.mine, ACTOR) as writer:
            await cancel_order(writer)
            await writer.fetch(SLEEP)

    backend = Statement("SELECT pg_backend_pid() AS pid", (), {})
    first = (await database.reader(fresh_floor.mine).fetch(backend))[0]["pid"]
    task = asyncio.create_task(work())
    await asleep.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await database.reader(fresh_floor.mine).fetch(backend))[0]["pid"] != first
    assert database.pool.in_use == 0
    assert await left_behind(fresh_floor) == before
    await database.close()


async def test_a_refusal_by_a_rule_keeps_the_connection(fresh_floor: Floor) -> None:
    database = await Database.open(fresh_floor.dsns.runtime, size=1, directory_size=1)
    backend = Statement("SELECT pg_backend_pid() AS pid", (), {})
    first = (await database.reader(fresh_floor.mine).fetch(backend))[0]["pid"]
    with pytest.raises(LookupError):
        async with database.writer(fresh_floor.mine, ACTOR):
            raise LookupError("no such order")
    assert (await database.reader(fresh_floor.mine).fetch(backend))[0]["pid"] == first
    await database.close()


async def test_a_rollback_does_not_bring_the_tenant_before_back(fresh_floor: Floor) -> None:
    database = await Database.open(fresh_floor.dsns.runtime, size=1, directory_size=1)
    whole = Statement("SELECT DISTINCT tenant_id FROM orders", (), {})
    assert [row[0] for row in await database.reader(THEIRS).fetch(whole)] == [THEIRS.hex]
    async with database.writer(fresh_floor.mine, ACTOR) as writer:
        assert [row[0] for row in await writer.fetch(whole)] == [fresh_floor.mine.hex]
    assert [row[0] for row in await database.reader(fresh_floor.mine).fetch(whole)] == [fresh_floor.mine.hex]
    await database.close()


async def test_a_taken_key_is_a_duplicate(fresh_floor: Floor) -> None:
    orders = fresh_floor.rows["orders"]
    before = await left_behind(fresh_floor)
    with pytest.raises(Duplicate):
        async with fresh_floor.writer() as writer:
            await insert_order(writer, {**orders[0], "id": "1" * 32, "number": orders[1]["number"]}, [])
    assert await left_behind(fresh_floor) == before


async def test_what_is_audited_without_an_event_is_written_and_moves_no_stream(fresh_floor: Floor) -> None:
    announced: list[object] = []
    fresh_floor.database.on_commit = lambda tenant, position: announced.append(position)
    async with fresh_floor.writer() as writer:
        writer.audit(AuditDraft("terminateStream", "stream", first_order(fresh_floor.mine), {"why": "slow"}))
    (audit,) = await trail(fresh_floor, fresh_floor.mine)
    assert (audit["action"], audit["entity"]) == ("terminateStream", "stream")
    assert (await fresh_floor.raw("SELECT seq FROM event_heads"))[0][0] == 13
    assert (writer.position, announced) == (None, [])
