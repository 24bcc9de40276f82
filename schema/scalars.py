"""The scalars: DateTime (RFC 3339, UTC) and Decimal (a string, exact). JSON is Strawberry's own."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from db.money import hundredths_of

DecimalText = NewType("DecimalText", str)
# Python reads more than these: week dates, underscores, the digits of every script.
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-5][0-9])", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


def write_time(value: datetime) -> str:
    """RFC 3339 in UTC with a Z, with microseconds when there are any: as PostgreSQL writes it (``db/columns.py``)."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_time(value: object) -> datetime:
    """A date-time with an offset; anything else is refused, since a time without a zone is a guess."""
    try:
        if not isinstance(value, str) or len(value) > 40 or not _TIME.fullmatch(value):
            raise ValueError
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("A DateTime is RFC 3339 text with an offset, such as 2026-11-21T08:00:00Z.") from None


def read_decimal(value: object) -> Decimal:
    """An amount in hundredths, exact; the text has at most 19 digits."""
    try:
        if not isinstance(value, str) or len(value) > 40 or not _DECIMAL.fullmatch(value):
            raise ValueError
        return hundredths_of(value)
    except ValueError:
        raise GraphQLError('A Decimal is a string of at most 19 digits, such as "12.50".') from None


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC as RFC 3339 text, e.g. 2026-11-21T08:00:00Z.",
        serialize=write_time,
        parse_value=read_time,
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    ),
    DecimalText: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number as text, e.g. "12.50".',
        serialize=str,
        parse_value=read_decimal,
    ),
}
