"""Which rows: two layers, each proven alone for every function of the floor.

With the application's predicate defeated (the statement asks for theirs on a connection that carries mine) row-level
security still hides; with row-level security out of the way the predicate alone hides.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast
from uuid import uuid4

import asyncpg
import pytest

from db.announcements import insert_announcement
from db.audit_records import AuditDraft
from db.customers import insert_customer, lock_customer, update_customer
from db.events import EventDraft
from db.orders import insert_order, lock_order, update_order
from db.pool import Slot, TenantPool
from db.products import insert_product, lock_product, update_product
from db.statements import Statement
from db.tables import tenant_tables
from db.tenancy import Row, TenantId, TenantReader, TenantWriter
from tests.support.database import Server
from tests.support.plant import ACTOR, MINE, NOON, THEIRS, Floor, connected, open_floor, planted
from tests.support.twins import MODULES, READS, WRITES, Read

EVENT = EventDraft("order.updated", "order", "0" * 32, 2, None, {"id": "0" * 32})
WHOSE = Statement("SELECT tenant_id FROM orders WHERE id = $1", ("id",), {})
COUNTED = (
    *(
        "announcements",
        "announcement_terms",
        "orders",
        "order_items",
        "order_terms",
        "order_hours",
        "customers",
        "customer_terms",
        "products",
        "product_terms",
    ),
    *("event_heads", "event_log", "folded_heads", "audit_log"),
)


class Crossed(TenantPool):
    """A pool that lends a connection carrying ``carried``, whoever asks."""

    def __init__(self, pool: TenantPool, carried: TenantId) -> None:
        self._pool = pool
        self._carried = carried

    async def lend(self, _tenant: str) -> Slot:
        return await self._pool.lend(self._carried.hex)

    def take_back(self, slot: Slot) -> None:
        self._pool.take_back(slot)

    def discard(self, slot: Slot) -> None:
        self._pool.discard(slot)


@pytest.fixture(scope="module")
async def unguarded(server: Server) -> AsyncIterator[Floor]:
    """The same rows with row-level security out of the way."""
    name = uuid4().hex
    async with open_floor(await server.create(name), MINE, THEIRS) as floor:
        async with connected(floor.dsns.owner) as connection:
            for table in tenant_tables():
                await connection.execute(f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY")
        yield floor
    await server.drop(name)


def asks_for_theirs_as_me(floor: Floor) -> TenantWriter:
    """A writer whose predicate is theirs and whose connection is mine."""
    return TenantWriter(Crossed(floor.database.pool, MINE), THEIRS, ACTOR)


async def everything(floor: Floor) -> list[object]:
    """The rows of both tenants, of every table that a write touches."""
    found: list[object] = []
    for tenant in (MINE, THEIRS):
        for table in COUNTED:
            found += await floor.raw(
                f"SELECT t::text FROM {table} t WHERE tenant_id = '{tenant.hex}' ORDER BY 1", tenant=tenant
            )
    return found


def test_every_function_that_takes_a_door_has_a_twin_test() -> None:
    taking = {
        name
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), None) in {"reader", "writer"}
    }
    assert taking == {read.function for read in READS} | WRITES


@pytest.mark.parametrize("read", READS, ids=str)
async def test_the_other_tenant_itself_is_answered(floor: Floor, read: Read) -> None:
    assert await read.ask(floor.reader(THEIRS))


@pytest.mark.parametrize("read", READS, ids=str)
async def test_with_the_predicate_defeated_row_level_security_hides(floor: Floor, read: Read) -> None:
    crossed = TenantReader(Crossed(floor.database.pool, MINE), THEIRS)
    assert await read.ask(crossed) == set()


@pytest.mark.parametrize("read", READS, ids=str)
async def test_with_row_level_security_out_of_the_way_the_predicate_hides(
    floor: Floor, unguarded: Floor, read: Read
) -> None:
    answer = await read.ask(unguarded.reader(MINE))
    assert answer == await read.ask(floor.reader(MINE))
    assert not answer & {row["id"] for table in ("orders", "customers", "products") for row in planted(THEIRS)[table]}


LOCKS = {"orders": lock_order, "customers": lock_customer, "products": lock_product}
UPDATES = {"orders": update_order, "customers": update_customer, "products": update_product}
INSERTS = {"customers": insert_customer, "products": insert_product, "announcements": insert_announcement}
CHANGES = {"orders": {"notes": "mine"}, "customers": {"name": "mine"}, "products": {"name": "mine"}}


async def _lock(writer: TenantWriter, table: str) -> None:
    assert await LOCKS[table](writer, planted(THEIRS)[table][0]["id"]) is None


async def _update(writer: TenantWriter, table: str) -> None:
    row = cast(Row, planted(THEIRS)[table][0])
    with pytest.raises(IndexError):  # there is no such row to answer
        await UPDATES[table](writer, row, CHANGES[table], NOON)


@pytest.mark.parametrize("table", LOCKS)
@pytest.mark.parametrize("write", [_lock, _update])
async def test_a_write_with_the_predicate_defeated_finds_no_row(
    floor: Floor, write: Callable[[TenantWriter, str], Awaitable[None]], table: str
) -> None:
    before = await everything(floor)
    async with asks_for_theirs_as_me(floor) as writer:
        await write(writer, table)
    assert await everything(floor) == before


@pytest.mark.parametrize("table", LOCKS)
@pytest.mark.parametrize("write", [_lock, _update])
async def test_a_write_with_row_level_security_out_of_the_way_finds_no_row(
    unguarded: Floor, write: Callable[[TenantWriter, str], Awaitable[None]], table: str
) -> None:
    before = await everything(unguarded)
    async with unguarded.writer(MINE) as writer:
        await write(writer, table)
    assert await everything(unguarded) == before


@pytest.mark.parametrize("table", INSERTS)
async def test_a_row_cannot_be_inserted_for_another_tenant(floor: Floor, table: str) -> None:
    row = {name: value for name, value in planted(THEIRS)[table][0].items() if name != "tenant_id"}
    before = await everything(floor)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with asks_for_theirs_as_me(floor) as writer:
            await INSERTS[table](writer, {**row, "id": "1" * 32, **({"sku": "NEW"} if "sku" in row else {})})
    assert await everything(floor) == before


async def test_an_order_cannot_be_inserted_for_another_tenant(floor: Floor) -> None:
    order = {**planted(THEIRS)["orders"][0], "id": "1" * 32, "number": "260314-NEW"}
    del order["tenant_id"]
    before = await everything(floor)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with asks_for_theirs_as_me(floor) as writer:
            await insert_order(writer, order, [])
    assert await everything(floor) == before


async def test_an_order_inserted_with_row_level_security_out_of_the_way_is_the_writers_own(unguarded: Floor) -> None:
    order = {**planted(MINE)["orders"][0], "id": "1" * 32, "number": "260314-NEW", "tenant_id": THEIRS.hex}
    async with unguarded.writer(MINE) as writer:
        await insert_order(writer, order, [])
        held = await writer.fetch(WHOSE, id=order["id"])
        assert [row["tenant_id"] for row in held] == [MINE.hex]


async def test_events_and_audits_cannot_be_written_for_another_tenant(floor: Floor) -> None:
    before = await everything(floor)
    writer = asks_for_theirs_as_me(floor)
    writer.record(EVENT)
    writer.audit(AuditDraft("updateOrder", "order", None, None))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with writer:
            pass
    assert writer.position is None
    assert await everything(floor) == before
