"""The arithmetic of token buckets, by a clock that is moved by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.buckets import CROWD, Allowance, Bucket, MemoryBuckets
from tests.support.ticks import Ticks

MINUTE = Allowance("user", 60, 1.0)
ADA, BEN = Bucket(MINUTE, "acme/ada"), Bucket(MINUTE, "globex/ben")


class Model:
    """A bucket as everybody imagines it: a level that rises with time."""

    def __init__(self, allowance: Allowance) -> None:
        self.allowance, self.level = allowance, float(allowance.most)

    def pass_time(self, seconds: float) -> None:
        self.level = min(self.allowance.most, self.level + seconds * self.allowance.per_second)

    def take(self, units: int) -> bool:
        if self.level + 1e-6 < min(units, self.allowance.most):
            return False
        self.charge(units)
        return True

    def charge(self, units: int) -> None:
        self.level = max(-self.allowance.most, min(self.allowance.most, self.level - units))


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def buckets(ticks: Ticks) -> MemoryBuckets:
    return MemoryBuckets(ticks)


Steps = list[tuple[str, int]]
STEPS = st.lists(
    st.tuples(st.sampled_from(["wait", "take", "charge", "give"]), st.integers(0, 150)), min_size=1, max_size=60
)


@given(STEPS, st.integers(1, 100), st.integers(1, 50))
async def test_a_bucket_is_a_level_that_rises_with_time(steps: Steps, most: int, rate: int) -> None:
    ticks, allowance = Ticks(), Allowance("user", most, rate / 7)
    buckets, model, bucket = MemoryBuckets(ticks), Model(allowance), Bucket(allowance, "ada")
    for step, amount in steps:
        match step:
            case "wait":
                ticks.now += amount / 8
                model.pass_time(amount / 8)
            case "take":
                taken = await buckets.take([bucket], amount)
                assert (taken.short is None) is model.take(amount)
                assert taken.full_in[0] == pytest.approx((most - model.level) / allowance.per_second, abs=1e-3)
            case _:
                units = amount if step == "charge" else -amount
                owed = buckets.charge([bucket], units)
                model.charge(units)
                assert (owed is not None) is (units >= 0 and model.level < -1e-6)


@given(STEPS)
async def test_after_the_wait_that_is_told_so_much_can_be_taken_and_not_before(steps: Steps) -> None:
    ticks = Ticks()
    buckets = MemoryBuckets(ticks)
    for step, amount in steps:
        if step == "wait":
            ticks.now += amount / 8
            continue
        taken = await buckets.take([ADA], amount)
        if taken.short is not None:
            ticks.now += taken.wait - 0.001
            assert (await buckets.take([ADA], amount)).short == ADA
            ticks.now += 0.002
            assert (await buckets.take([ADA], amount)).short is None


async def test_what_is_short_of_one_bucket_is_taken_of_none(buckets: MemoryBuckets) -> None:
    await buckets.take([BEN], 50)
    taken = await buckets.take([ADA, BEN], 20)
    assert taken.short == BEN
    assert taken.wait == pytest.approx(10)
    assert (await buckets.take([ADA], 60)).short is None


async def test_buckets_of_others_are_untouched(buckets: MemoryBuckets) -> None:
    assert (await buckets.take([ADA], 60)).short is None
    assert (await buckets.take([ADA], 1)).short == ADA
    assert (await buckets.take([BEN], 60)).short is None


async def test_what_is_more_than_a_bucket_holds_is_taken_of_a_full_one_and_owed(
    buckets: MemoryBuckets, ticks: Ticks
) -> None:
    assert (await buckets.take([ADA], 90)).short is None
    assert (await buckets.take([ADA], 1)).wait == pytest.approx(31)
    ticks.now += 89
    assert (await buckets.take([ADA], 90)).short == ADA
    ticks.now += 1
    assert (await buckets.take([ADA], 90)).short is None


async def test_what_is_given_back_can_be_taken_again_and_fills_no_bucket_past_its_most(buckets: MemoryBuckets) -> None:
    await buckets.take([ADA], 60)
    assert buckets.charge([ADA], -10) is None
    assert (await buckets.take([ADA], 10)).short is None
    buckets.charge([ADA], -1_000)
    assert (await buckets.take([ADA], 60)).short is None
    assert (await buckets.take([ADA], 1)).short == ADA


async def test_what_was_used_already_is_charged_and_a_debt_has_a_bound(buckets: MemoryBuckets, ticks: Ticks) -> None:
    assert buckets.charge([ADA], 60) is None
    owed = buckets.charge([ADA], 1_000_000)
    assert owed is not None
    assert owed.short == ADA
    assert owed.wait == pytest.approx(60)
    ticks.now += 120
    assert (await buckets.take([ADA], 60)).short is None


async def test_buckets_that_are_full_again_are_forgotten(buckets: MemoryBuckets, ticks: Ticks) -> None:
    for round_ in range(20):
        for number in range(CROWD // 2):
            await buckets.take([Bucket(MINUTE, f"{round_} {number}")], 1)
        ticks.now += 2
    assert len(buckets) <= CROWD


async def test_however_many_addresses_come_the_memory_is_bounded_and_they_share(ticks: Ticks) -> None:
    buckets, most = MemoryBuckets(ticks, most=2_000), 60
    await buckets.take([ADA], 30)
    short = 0
    for number in range(20_000):
        address = Bucket(Allowance("address", most, 1.0), f"2001:db8:{number:x}::/64")
        short += (await buckets.take([address], 30)).short is not None
    assert len(buckets) <= 2_000 + CROWD + 1
    assert short > 10_000
    assert (await buckets.take([ADA], 31)).short == ADA
    ticks.now += 60
    assert (await buckets.take([Bucket(Allowance("address", most, 1.0), "203.0.113.9")], 60)).short is None
