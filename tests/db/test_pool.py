"""The pool lends to one borrower at a time, in order, and never hands on what it cannot vouch for."""

import asyncio
import random
from typing import cast

import asyncpg
import pytest

from db.errors import DatabaseAway, PoolExhausted
from db.pool import MOST_PASSED, Slot, TenantPool
from db.statements import Statement
from db.tenancy import TenantReader
from tests.support.plant import MINE, ORDERS, THEIRS, Floor, as_runtime

EVERY_ORDER_IN_SIGHT = Statement("SELECT tenant_id FROM orders", (), {})


class Wire:
    """A connection that keeps count of what the pool asks of it."""

    _protocol = None

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.closed = False
        self.fails = False

    async def prepare(self, _sql: str, *, timeout: float | None = None) -> "Wire":
        return self

    async def fetchval(self, tenant: str) -> None:
        await asyncio.sleep(0)
        if self.fails:
            raise asyncpg.InterfaceError("the line is cut")
        self.carried.append(tenant)

    def is_closed(self) -> bool:
        return self.closed

    def terminate(self) -> None:
        self.closed = True

    async def close(self) -> None:
        self.closed = True


class Exchange:
    """Makes wires and remembers them."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.refuses = False

    @property
    def open(self) -> int:
        return sum(not wire.closed for wire in self.wires)

    async def connect(self) -> asyncpg.Connection:
        await asyncio.sleep(0)
        if self.refuses:
            raise OSError("nobody answers")
        self.wires.append(Wire())
        return cast(asyncpg.Connection, self.wires[-1])


def wire_of(slot: Slot) -> Wire:
    return cast(Wire, slot.connection)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_connections_are_opened_than_the_pool_may_hold() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 3)

    async def borrow(tenant: str) -> None:
        slot = await pool.lend(tenant)
        assert pool.in_use <= 3
        await asyncio.sleep(0)
        pool.take_back(slot)

    await asyncio.gather(*(borrow(f"t{n % 4}") for n in range(50)))
    assert len(exchange.wires) == 3
    assert pool.in_use == 0


async def test_waiters_are_served_in_the_order_in_which_they_came() -> None:
    pool = TenantPool(Exchange().connect, 1)
    held, served = await pool.lend("a"), []

    async def wait(number: int) -> None:
        slot = await pool.lend("a")
        served.append(number)
        pool.take_back(slot)

    waiting = [asyncio.create_task(wait(number)) for number in range(5)]
    await settle()
    pool.take_back(held)
    await asyncio.gather(*waiting)
    assert served == [0, 1, 2, 3, 4]


async def test_who_waits_too_long_is_told_that_the_pool_is_exhausted() -> None:
    pool = TenantPool(Exchange().connect, 1, wait_seconds=0.01)
    held = await pool.lend("a")
    with pytest.raises(PoolExhausted):
        await pool.lend("b")
    pool.take_back(held)
    pool.take_back(await pool.lend("b"))


async def test_a_newcomer_cannot_slip_in_between_a_discarded_connection_and_its_heir() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 1)
    held = await pool.lend("a")
    gate = asyncio.Event()

    async def borrow_after_the_gate() -> Slot:
        await gate.wait()
        return await pool.lend("a")

    late = asyncio.create_task(borrow_after_the_gate())
    waiter = asyncio.create_task(pool.lend("a"))
    await settle()
    gate.set()  # ``late`` is now ahead of the waiter in the loop's line
    pool.discard(held)
    await settle()
    assert exchange.open == 1
    assert not late.done()
    pool.take_back(await waiter)
    pool.take_back(await late)
    assert exchange.open == 1


async def test_a_discarded_connection_is_never_lent_again() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 1)
    first = await pool.lend("a")
    pool.discard(first)
    second = await pool.lend("a")
    assert wire_of(first).closed
    assert wire_of(second) is not wire_of(first)


async def test_a_connection_that_died_while_idle_is_not_lent() -> None:
    pool = TenantPool(Exchange().connect, 1)
    first = await pool.lend("a")
    pool.take_back(first)
    wire_of(first).closed = True
    assert await pool.lend("a") is not first


async def test_a_connection_that_cannot_be_told_its_tenant_is_thrown_away() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 1)
    slot = await pool.lend("a")
    pool.take_back(slot)
    wire_of(slot).fails = True
    with pytest.raises(DatabaseAway):
        await pool.lend("b")
    assert wire_of(slot).closed
    assert (await pool.lend("b")).tenant == "b"


async def test_a_failed_connection_attempt_frees_its_seat() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 1)
    exchange.refuses = True
    for _ in range(3):
        with pytest.raises(DatabaseAway):
            await pool.lend("a")
    exchange.refuses = False
    assert (await pool.lend("a")).tenant == "a"


async def test_the_tenant_is_set_only_when_a_connection_changes_hands() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 1)
    for tenant in "aaabba":
        pool.take_back(await pool.lend(tenant))
    assert exchange.wires[0].carried == ["a", "b", "a"]


async def test_a_tenant_gets_the_connection_that_already_carries_it() -> None:
    pool = TenantPool(Exchange().connect, 3)
    slots = {tenant: await pool.lend(tenant) for tenant in "abc"}
    for slot in slots.values():
        pool.take_back(slot)
    for tenant in "cab":
        slot = await pool.lend(tenant)
        assert slot is slots[tenant]
        pool.take_back(slot)


async def test_a_connection_that_comes_free_goes_first_to_a_waiter_of_its_tenant() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 1)
    held = await pool.lend("a")
    served: list[str] = []

    async def wait(tenant: str) -> None:
        slot = await pool.lend(tenant)
        served.append(tenant)
        pool.take_back(slot)

    waiting = [asyncio.create_task(wait(tenant)) for tenant in "bcaba"]
    await settle()
    pool.take_back(held)
    await asyncio.gather(*waiting)
    assert served == ["a", "a", "b", "b", "c"]
    assert exchange.wires[0].carried == ["a", "b", "c"]


async def test_the_first_in_line_is_passed_a_few_times_and_no_more() -> None:
    pool = TenantPool(Exchange().connect, 1)
    held, served = await pool.lend("a"), []

    async def wait(tenant: str) -> None:
        slot = await pool.lend(tenant)
        served.append(tenant)
        pool.take_back(slot)

    waiting = [asyncio.create_task(wait(tenant)) for tenant in "b" + "a" * (MOST_PASSED + 3)]
    await settle()
    pool.take_back(held)
    await asyncio.gather(*waiting)
    assert served.index("b") == MOST_PASSED
    assert len(served) == len(waiting)


async def test_each_waiter_is_told_when_its_own_time_is_over() -> None:
    pool = TenantPool(Exchange().connect, 1, wait_seconds=0.6)
    held = await pool.lend("a")
    early = asyncio.create_task(pool.lend("b"))
    await asyncio.sleep(0.4)
    late = asyncio.create_task(pool.lend("c"))
    with pytest.raises(PoolExhausted):
        await early
    assert not late.done()
    pool.take_back(held)
    assert (await late).tenant == "c"
    pool.take_back(await late)
    with pytest.raises(PoolExhausted):
        await asyncio.gather(pool.lend("a"), pool.lend("a"))


async def test_a_waiter_that_gives_up_leaves_its_connection_to_the_next() -> None:
    pool = TenantPool(Exchange().connect, 1)
    held = await pool.lend("a")
    first, second = (asyncio.create_task(pool.lend("a")) for _ in range(2))
    await settle()
    pool.take_back(held)  # handed to the first, which is cancelled before it wakes
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second is held


async def test_closing_ends_idle_connections_now_and_lent_ones_on_return() -> None:
    exchange = Exchange()
    pool = TenantPool(exchange.connect, 2)
    idle, lent = await pool.lend("a"), await pool.lend("b")
    pool.take_back(idle)
    await pool.close()
    assert (wire_of(idle).closed, wire_of(lent).closed) == (True, False)
    pool.take_back(lent)
    assert exchange.open == 0


async def test_a_thousand_operations_of_two_tenants_with_cancellations_never_see_a_foreign_row(floor: Floor) -> None:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(floor.dsns.runtime, server_settings={"role": "tidegate_runtime"})

    pool, rng = TenantPool(connect, 2), random.Random(7)
    seen = {MINE: 0, THEIRS: 0}

    async def read(number: int) -> None:
        tenant = rng.choice((MINE, THEIRS))
        reading = asyncio.ensure_future(TenantReader(pool, tenant).fetch(EVERY_ORDER_IN_SIGHT))
        if number % 4 == 0:
            await asyncio.sleep(rng.random() * 0.003)
            reading.cancel()
        rows = (await asyncio.gather(reading, return_exceptions=True))[0]
        if isinstance(rows, BaseException):
            assert isinstance(rows, asyncio.CancelledError), rows
            return
        assert [row["tenant_id"].hex for row in rows] == [tenant.hex] * ORDERS
        seen[tenant] += 1

    for start in range(0, 1000, 8):
        await asyncio.gather(*(read(number) for number in range(start, start + 8)))
    await pool.close()
    assert pool.in_use == 0
    assert min(seen.values()) > 200
    async with as_runtime(floor.dsns, MINE) as connection:
        assert await connection.fetchval("SELECT count(*) FROM orders") == ORDERS
