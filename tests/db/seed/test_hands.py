"""Whoever writes a seed's rows: the same rows in the same order."""

import hashlib

import pytest

from db.seed import hands
from db.seed.hands import A_THREAD, Hands, hands_for
from db.seed.orders import ORDERS_A_BATCH, order_batches, order_rows
from db.seed.plan import TenantPlan, plan_tenants
from db.seed.seeding import EPOCH


def plan() -> TenantPlan:
    """A tenant of a few batches."""
    (only,) = plan_tenants(3 * ORDERS_A_BATCH + 7, 1, 1, EPOCH)
    return only


async def digest_of(who: Hands) -> list[str]:
    known = plan()
    return [hashlib.sha256(data).hexdigest() async for data in who.batches(order_rows, known, order_batches(known))]


async def test_processes_write_what_a_thread_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "MANY", 0)
    async with hands_for(1) as processes:
        assert processes is not A_THREAD
        by_processes = await digest_of(processes)
    assert by_processes == await digest_of(A_THREAD)
    assert len(by_processes) == 4


async def test_a_small_seed_needs_no_process() -> None:
    async with hands_for(100) as found:
        assert found is A_THREAD


@pytest.mark.parametrize("ahead", [1, 3, 9])
async def test_what_nobody_waits_for_any_more_is_given_up(ahead: int) -> None:
    batches = Hands(A_THREAD.write, ahead).batches(order_rows, plan(), 4)
    assert await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]  # a generator, behind the name of an iterator


async def test_without_batches_nothing_is_written() -> None:
    assert [data async for data in A_THREAD.batches(order_rows, plan(), 0)] == []
