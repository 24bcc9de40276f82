"""Durations in counts: within a fifth of the truth, and able to be added up."""

import pytest

from db.durations import PLACES, longest_of, percentile, place_of


@pytest.mark.parametrize("seconds", [0.0003, 0.001, 0.0071, 0.25, 1.0, 9.9])
def test_a_duration_is_counted_where_it_is_at_most_a_fifth_longer(seconds: float) -> None:
    assert seconds <= longest_of(place_of(seconds)) < seconds * 1.2


@pytest.mark.parametrize(("seconds", "place"), [(-1.0, 0), (0.0, 0), (1e9, PLACES - 1)])
def test_what_is_out_of_range_counts_at_the_end(seconds: float, place: int) -> None:
    assert place_of(seconds) == place


def test_a_percentile_is_the_longest_of_its_place() -> None:
    counts = [0] * PLACES
    counts[place_of(0.002)] += 95
    counts[place_of(1.0)] += 5
    assert percentile(counts, 0.95) == longest_of(place_of(0.002))
    assert percentile(counts, 0.96) == longest_of(place_of(1.0))


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.95) is None
