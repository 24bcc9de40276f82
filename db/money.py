"""Money as the tables keep it: whole hundredths of the currency's main unit.

One scale for all currencies lets a filter compare totals as integers, which PostgreSQL may do inside an index under
row-level security.
"""

from decimal import Decimal, InvalidOperation

CURRENCIES = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "SEK": 2, "JPY": 0}
"""Known currencies and the decimals each is written with (ISO 4217)."""
LARGEST = 2**63 - 1


_ENDINGS = tuple(f".{hundredths:02d}" for hundredths in range(100))


def format_amount(hundredths: int, currency: str) -> str:
    """``format_amount(1250, "EUR") == "12.50"``; a currency without decimals is written without them."""
    if CURRENCIES[currency] == 0:
        return str(hundredths // 100)
    if hundredths < 0:
        return "-" + format_amount(-hundredths, currency)
    return str(hundredths // 100) + _ENDINGS[hundredths % 100]


def hundredths_of(amount: str) -> Decimal:
    """A decimal text in hundredths, exact and perhaps fractional; ``ValueError`` unless it is a finite plain
    decimal of at most 19 digits.
    """
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError("not a decimal number") from None
    if not value.is_finite() or len(value.as_tuple().digits) > 19 or abs(value.adjusted()) > 19:
        raise ValueError("not a decimal number of at most 19 digits")
    return value * 100
