"""Tabs: what is used for a moment without asking, and never more of it than a thousandth."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

import auth.budgets
from auth.budgets import TAB_SHARE, Account, Budgets
from auth.principal import Principal
from db.buckets import Bucket, MemoryBuckets, Taken
from tests.support.ticks import Ticks
from tests.support.waiting import until

MOST = 60_000


class Asked(MemoryBuckets):
    """Buckets that remember what they were told."""

    def __init__(self, clock: Ticks) -> None:
        super().__init__(clock)
        self.taken: list[int] = []
        self.charged: list[int] = []

    def take_now(self, buckets: Any, units: int) -> Taken:  # Any: as above it
        self.taken.append(units)
        return super().take_now(buckets, units)

    def charge(self, buckets: Any, units: int) -> Taken | None:  # Any: as above it
        self.charged.append(units)
        return super().charge(buckets, units)

    def used(self, bucket: Bucket) -> float:
        full_in = self._full_in(bucket.allowance.kind, bucket.key, self._clock())
        return full_in * bucket.allowance.per_second


@pytest.fixture
def clock() -> Ticks:
    return Ticks()


def caller() -> Principal:
    found = SimpleNamespace(tenant=SimpleNamespace(hex="t"), key_name=None, user_id="u", acting_for=None)
    return cast("Principal", found)


async def test_what_is_used_for_a_moment_is_told_to_the_buckets_at_once(clock: Ticks) -> None:
    store = Asked(clock)
    budgets = Budgets(store, {Account.USER: MOST})
    for _ in range(11):
        charge = await budgets.take(caller(), None, 3)
        assert charge is not None
        charge.settle(2)
    assert (store.taken, store.charged) == ([3], [])
    budgets.stop()
    assert (store.taken, store.charged) == ([3], [10 * 2 - 1])
    last = await budgets.take(caller(), None, 3)
    assert last is not None
    assert store.taken == [3, 3]
    assert store.used(last.buckets[0]) == pytest.approx(10 * 2 + 2 + 3)


async def test_the_buckets_hear_in_time_of_what_callers_used_who_do_not_come_again(
    clock: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth.budgets, "TAB_SECONDS", 0.02)
    store = Asked(clock)
    budgets = Budgets(store, {Account.USER: MOST, Account.ADDRESS: MOST})
    for turn in (1, 2):
        for who, address in ((caller(), None), (None, "192.0.2.1"), (None, "192.0.2.2")):
            for _ in range(3):
                assert await budgets.take(who, address, 5)
        await until(lambda: not budgets._open)
        assert (store.taken, store.charged) == ([5] * 3 * turn, [10] * 3 * turn)


async def test_a_tab_is_never_longer_than_its_share_of_the_smallest_bucket(clock: Ticks) -> None:
    store = Asked(clock)
    budgets = Budgets(store, {Account.USER: MOST, Account.TENANT: 100 * MOST})
    for _ in range(1_000):
        await budgets.take(caller(), None, 7)
    unheard = 1_000 * 7 - sum(store.taken) - sum(store.charged)
    assert 0 <= unheard <= MOST // TAB_SHARE


async def test_whoever_has_used_half_of_a_bucket_is_counted_to_the_unit(clock: Ticks) -> None:
    store = Asked(clock)
    budgets = Budgets(store, {Account.USER: MOST})
    first = await budgets.take(caller(), None, MOST // 2 + 1)
    assert first is not None
    for _ in range(5):
        charge = await budgets.take(caller(), None, 10)
        assert charge is not None
        charge.settle(4)
    assert store.taken[1:] == [10] * 5
    assert store.charged == [-6] * 5
    assert store.used(first.buckets[0]) == pytest.approx(MOST // 2 + 1 + 20)


async def test_a_small_budget_is_counted_to_the_unit_from_its_beginning(clock: Ticks) -> None:
    store = Asked(clock)
    budgets = Budgets(store, {Account.USER: TAB_SHARE - 1})
    for _ in range(3):
        await budgets.take(caller(), None, 5)
    assert store.taken == [5, 5, 5]


class Slow(MemoryBuckets):
    """Buckets that somebody else keeps, who answers a turn of the loop later."""

    def take_now(self, _buckets: Any, _units: int) -> Any:  # Any: as above it
        return None

    async def take(self, buckets: Any, units: int) -> Taken:  # Any: as above it
        await asyncio.sleep(0)
        return super().take_now(buckets, units)


async def test_what_was_too_much_for_one_request_refuses_no_other(clock: Ticks) -> None:
    budgets = Budgets(Slow(clock), {Account.USER: MOST})
    asked = await asyncio.gather(*(budgets.take(caller(), None, units) for units in (1, MOST)))
    asked.append(await budgets.take(caller(), None, 1))
    assert [charge is not None and charge.short is None for charge in asked] == [True, False, True]
