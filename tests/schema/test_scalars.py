"""Scalars: what is read and what is refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError
from hypothesis import example, given
from hypothesis import strategies as st

from schema.scalars import read_decimal, read_time, write_time

OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001  # zones are drawn


@given(MOMENTS)
def test_a_moment_in_any_zone_is_read_exactly_and_written_in_utc(moment: datetime) -> None:
    assert read_time(moment.isoformat()) == moment
    written = write_time(moment)
    assert written.endswith("Z")
    assert read_time(written) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T08:00:00Z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21t08:00:00z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T08:00:00.5Z", datetime(2026, 11, 21, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-21T08:00:00.123456+02:00", datetime(2026, 11, 21, 6, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-11-21T23:59:59-00:00", datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read(text: str, moment: datetime) -> None:
    assert read_time(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T08:00:00",
        "2026-11-21",
        "2026-11-21Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T08:60:00Z",
        "2026-11-21T08:00:61Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-21T08:00:00+25:00",
        "2026-11-21T08:00:00+24:00",
        "2026-11-21T08:00:00+05:60",
        "2026-11-21T08:00:00+5",
        "2026-11-21T08:00:00+01:00:30",
        "20261121T080000Z",
        "2026-W47-6T08:00:00Z",
        "2026-11-21T08Z",
        "2026-11-21T08:00:00,5Z",
        "2026-11-21T08:00:00.Z",
        "99999-01-01T00:00:00Z",
        "+12026-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "２０２６-11-21T08:00:00Z",
        "2026-11-21T08:00:00Z\n",
        " 2026-11-21T08:00:00Z",
        "2026-11-21T08:00:00\u0000Z",
        "infinity",
        "now",
        "",
        "Z" * 10_000,
        20261121,
        1.5,
        True,
        None,
        ["2026-11-21T08:00:00Z"],
    ],
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="RFC 3339"):
        read_time(value)


@given(st.text(max_size=60) | st.integers() | st.floats() | st.none())
def test_reading_a_moment_raises_nothing_but_its_refusal(value: object) -> None:
    try:
        assert read_time(value).tzinfo is UTC
    except GraphQLError as error:
        assert "RFC 3339" in error.message  # noqa: PT017  # most values are refused


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=4))
def test_a_decimal_is_read_in_hundredths_exactly(value: Decimal) -> None:
    assert read_decimal(f"{value:f}") == value * 100


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e-400",
        "9" * 40,
        "9" * 20,
        "0." + "1" * 20,
        "1_000",
        "١٢",
        " 1",
        "1 ",
        "1,5",
        "0x10",
        "--1",
        ".",
        "",
        "1" * 10_000,
        "1\u0000",
        12,
        12.5,
        True,
        None,
        ["1"],
    ],
)
def test_what_is_no_decimal_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="Decimal"):
        read_decimal(value)


@given(st.text(max_size=60) | st.from_regex(r"\A-?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,4})?\Z") | st.floats())
@example("1e19")
@example("-0")
def test_reading_a_decimal_raises_nothing_but_its_refusal(value: object) -> None:
    try:
        assert read_decimal(value).is_finite()
    except GraphQLError as error:
        assert "Decimal" in error.message  # noqa: PT017  # most values are refused
