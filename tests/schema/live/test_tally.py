"""The tally of what subscriptions did."""

from datetime import UTC, datetime, timedelta

import pytest

from db.events import Position
from schema.live.frames import EndReason
from schema.live.tally import LAG_SECONDS, Tally


def test_every_reason_is_there_from_the_beginning() -> None:
    assert Tally().ended == dict.fromkeys(EndReason, 0)


@pytest.mark.parametrize(("seconds", "bucket"), [(-5, 0), (0.0001, 0), (0.3, 7), (9.5, 11), (60, 12)])
def test_a_lag_is_counted_in_the_first_bucket_that_holds_it(seconds: float, bucket: int) -> None:
    tally = Tally()
    tally.left(Position(1, datetime.now(UTC) - timedelta(seconds=seconds)))
    assert tally.lag_buckets.index(1) == bucket
    assert sum(tally.lag_buckets) == 1
    assert len(tally.lag_buckets) == len(LAG_SECONDS) + 1
    assert tally.lag_sum >= max(0, seconds)


def test_clocks_that_differ_make_no_lag_negative() -> None:
    tally = Tally()
    tally.left(Position(1, datetime.now(UTC) + timedelta(hours=1)))
    assert tally.lag_sum == 0.0
