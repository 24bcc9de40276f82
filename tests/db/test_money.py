"""Money is whole hundredths, written with the decimals of its currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.money import CURRENCIES, LARGEST, format_amount, hundredths_of
from tests.support.properties import bounded

HUNDREDTHS = st.integers(-LARGEST, LARGEST)


@pytest.mark.parametrize(
    ("hundredths", "currency", "written"),
    [
        (1250, "EUR", "12.50"),
        (5, "USD", "0.05"),
        (0, "GBP", "0.00"),
        (-5, "EUR", "-0.05"),
        (-1250, "CHF", "-12.50"),
        (125000, "JPY", "1250"),
        (0, "JPY", "0"),
        (-125000, "JPY", "-1250"),
        (LARGEST, "SEK", "92233720368547758.07"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(hundredths: int, currency: str, written: str) -> None:
    assert format_amount(hundredths, currency) == written


@bounded(100)
@given(HUNDREDTHS, st.sampled_from(sorted(CURRENCIES)))
def test_what_is_written_reads_back_as_the_same_amount(amount: int, currency: str) -> None:
    whole = amount if CURRENCIES[currency] else amount // 100 * 100
    assert hundredths_of(format_amount(whole, currency)) == whole


def test_a_fraction_of_a_hundredth_is_kept_for_comparisons() -> None:
    assert hundredths_of("0.001") == Decimal("0.1")


@pytest.mark.parametrize(
    "amount", ["", " ", "abc", "NaN", "sNaN", "Infinity", "-Infinity", "1e30", "1e-30", "1" * 20, "1,5", "\0", "0x1"]
)
def test_what_is_no_plain_decimal_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="not a decimal number"):
        hundredths_of(amount)


@bounded(100)
@given(st.text(max_size=40))
def test_any_text_is_an_amount_or_is_refused_with_a_value_error(text: str) -> None:
    try:
        assert hundredths_of(text).is_finite()
    except ValueError:
        return


def test_an_unknown_currency_has_no_way_of_writing() -> None:
    with pytest.raises(KeyError):
        format_amount(1, "XXX")
