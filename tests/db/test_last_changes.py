"""When nouns last changed: heard of at once, wherever it was committed, and never known too early."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from db.events import EventDraft
from db.hub import Hub
from db.ids import new_id
from db.last_changes import IDLE_SECONDS, LastChanges
from db.tenancy import TenantId
from tests.support.followers import another_process, hub_on
from tests.support.plant import ACTOR, Floor
from tests.support.waiting import until

ORDERS, PRODUCTS = frozenset({"order"}), frozenset({"product"})


@pytest.fixture
async def hub(fresh_floor: Floor) -> AsyncIterator[Hub]:
    async with hub_on(fresh_floor.database) as hub:
        yield hub


@pytest.fixture
async def changes(hub: Hub) -> AsyncIterator[LastChanges]:
    changes = LastChanges(hub)
    yield changes
    await changes.stop()


async def change(database: Database, tenant: TenantId, noun: str) -> None:
    async with database.writer(tenant, ACTOR) as writer:
        writer.record(EventDraft(f"{noun}.updated", noun, "0" * 32, 1, None, {}))


async def test_of_a_tenant_that_is_not_followed_nothing_is_known(changes: LastChanges, fresh_floor: Floor) -> None:
    assert changes.needed(fresh_floor.mine, ORDERS) is None
    assert await changes.attend(fresh_floor.mine) == 13
    assert changes.needed(fresh_floor.mine, ORDERS) == 13


async def test_a_commit_of_this_process_counts_before_its_writer_goes_on(
    changes: LastChanges, fresh_floor: Floor
) -> None:
    mine = fresh_floor.mine
    read_at = await changes.attend(mine)
    assert read_at is not None
    await change(fresh_floor.database, mine, "order")
    needed = changes.needed(mine, ORDERS)
    assert needed is not None
    assert needed > read_at


async def test_a_change_of_another_noun_ends_nothing_once_it_is_read(changes: LastChanges, fresh_floor: Floor) -> None:
    mine = fresh_floor.mine
    read_at = await changes.attend(mine)
    await change(fresh_floor.database, mine, "product")
    await until(lambda: changes.needed(mine, ORDERS) == read_at)
    assert changes.needed(mine, PRODUCTS) == 14
    assert changes.needed(mine, ORDERS | PRODUCTS) == 14
    assert await changes.attend(mine) == 14


async def test_a_change_of_another_process_is_heard_of(changes: LastChanges, fresh_floor: Floor) -> None:
    mine = fresh_floor.mine
    await changes.attend(mine)
    async with another_process(fresh_floor) as other, hub_on(other):
        await change(other, mine, "order")
        await until(lambda: changes.needed(mine, ORDERS) == 14)


async def test_a_change_of_another_tenant_ends_nothing(changes: LastChanges, fresh_floor: Floor) -> None:
    await changes.attend(fresh_floor.mine)
    other = TenantId(new_id())
    await changes.attend(other)
    await change(fresh_floor.database, other, "order")
    await until(lambda: changes.needed(other, ORDERS) == 1)
    assert changes.needed(fresh_floor.mine, ORDERS) == 13


async def test_all_who_ask_at_once_have_the_log_followed_once(
    changes: LastChanges, hub: Hub, fresh_floor: Floor
) -> None:
    assert await asyncio.gather(*(changes.attend(fresh_floor.mine) for _ in range(20))) == [13] * 20
    assert len(changes) == 1
    assert (len(hub._channels), hub.followers) == (1, 0)


async def test_of_too_many_tenants_the_one_that_was_not_asked_for_longest_is_left(hub: Hub, fresh_floor: Floor) -> None:
    changes = LastChanges(hub, most=2)
    tenants = [fresh_floor.mine, TenantId(new_id()), TenantId(new_id())]
    for tenant in tenants[:2]:
        await changes.attend(tenant)
    changes.needed(tenants[0], ORDERS)
    await changes.attend(tenants[2])
    assert [changes.needed(tenant, ORDERS) is not None for tenant in tenants] == [True, False, True]
    await until(lambda: len(hub._channels) == 2)
    await changes.stop()
    assert len(hub._channels) == 0


async def test_a_tenant_that_nobody_asks_for_any_more_is_left_at_its_next_change(hub: Hub, fresh_floor: Floor) -> None:
    now = 0.0
    changes = LastChanges(hub, clock=lambda: now)
    await changes.attend(fresh_floor.mine)
    now = IDLE_SECONDS + 1
    await change(fresh_floor.database, fresh_floor.mine, "order")
    await until(lambda: not len(changes))
    assert len(hub._channels) == 0
    assert changes.needed(fresh_floor.mine, ORDERS) is None
