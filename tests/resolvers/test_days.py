"""A range becomes whole days of its time zone, or is refused."""

from datetime import UTC, date, datetime, timedelta

import pytest

from resolvers.days import MAX_DAYS, TimeRange, days_of
from resolvers.errors import InvalidInput

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("asked", "first", "last", "begins", "ends"),
    [
        (TimeRange(), "2026-10-23", "2026-11-21", "2026-10-23T00:00Z", "2026-11-22T00:00Z"),
        (TimeRange(NOW), "2026-11-21", "2026-11-21", "2026-11-21T00:00Z", "2026-11-22T00:00Z"),
        (TimeRange(end=at("2026-11-21T00:00Z")), "2026-10-22", "2026-11-20", "2026-10-22T00:00Z", "2026-11-21T00:00Z"),
        (
            *(TimeRange(at("2026-11-01T12:00Z"), at("2026-11-03T00:00Z")), "2026-11-01", "2026-11-02"),
            *("2026-11-01T00:00Z", "2026-11-03T00:00Z"),
        ),
        (
            *(TimeRange(at("2026-11-01T12:00Z"), at("2026-11-03T00:00:00.000001Z")), "2026-11-01", "2026-11-03"),
            *("2026-11-01T00:00Z", "2026-11-04T00:00Z"),
        ),
        (
            *(TimeRange(at("2026-11-01T20:00Z"), NOW, "Asia/Kathmandu"), "2026-11-02", "2026-11-21"),
            *("2026-11-01T18:15Z", "2026-11-21T18:15Z"),
        ),
        (
            *(TimeRange(at("2026-03-28T23:30Z"), at("2026-03-29T23:00Z"), "Europe/Berlin"), "2026-03-29", "2026-03-30"),
            *("2026-03-28T23:00Z", "2026-03-30T22:00Z"),
        ),
        (
            *(TimeRange(at("2024-04-26T00:00Z"), at("2024-04-26T12:00Z"), "Africa/Cairo"), "2024-04-26", "2024-04-26"),
            *("2024-04-25T22:00Z", "2024-04-26T21:00Z"),  # the clocks went from midnight to one
        ),
    ],
)
def test_a_range_is_the_days_that_it_touches(asked: TimeRange, first: str, last: str, begins: str, ends: str) -> None:
    days = days_of(asked, NOW)
    assert (days.dates[0], days.dates[-1]) == (date.fromisoformat(first), date.fromisoformat(last))
    assert (days.bounds[0], days.bounds[-1]) == (at(begins), at(ends))
    assert len(days.bounds) == len(days.dates) + 1
    assert list(days.bounds) == sorted(days.bounds)


def test_a_day_on_which_the_clocks_change_is_shorter_or_longer() -> None:
    days = days_of(TimeRange(at("2026-03-28T12:00Z"), at("2026-10-27T12:00Z"), "Europe/Berlin"), NOW)
    lengths = [after - before for before, after in zip(days.bounds, days.bounds[1:], strict=False)]
    assert {length for length in lengths if length != timedelta(hours=24)} == {timedelta(hours=23), timedelta(hours=25)}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Etc/GMT+12", "UTC"])
@pytest.mark.parametrize("year", [1973, 1999, 2026])
def test_every_day_begins_on_a_quarter_of_an_hour(zone: str, year: int) -> None:
    begin = datetime(year, 1, 1, tzinfo=UTC)
    days = days_of(TimeRange(begin, begin + timedelta(days=390), zone), NOW)
    assert {bound.second + bound.microsecond for bound in days.bounds} == {0}
    assert {bound.minute % 15 for bound in days.bounds} == {0}


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", "Europe/Berlin/", "a" * 10_000, "\x00", "\ud800"],
    ids=ascii,
)
def test_a_zone_that_there_is_not_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        days_of(TimeRange(zone=zone), NOW)


@pytest.mark.parametrize(
    "asked",
    [
        TimeRange(NOW, NOW),
        TimeRange(NOW, NOW - timedelta(seconds=1)),
        TimeRange(NOW - timedelta(days=MAX_DAYS), NOW),
        TimeRange(datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC), "America/New_York"),
        TimeRange(datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Tokyo"),
        TimeRange(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
        TimeRange(end=datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_range_without_a_day_with_too_many_or_out_of_the_calendar_is_refused(asked: TimeRange) -> None:
    with pytest.raises(InvalidInput, match="range"):
        days_of(asked, NOW)


def test_the_longest_range_is_taken() -> None:
    assert len(days_of(TimeRange(NOW - timedelta(days=MAX_DAYS - 1), NOW), NOW).dates) == MAX_DAYS


def test_a_range_that_begins_after_now_needs_an_end() -> None:
    assert days_of(TimeRange(NOW + timedelta(days=2)), NOW).dates == (date(2026, 11, 23),)
