"""The scalars: DateTime (RFC 3339, UTC) and Decimal (a string, exact). JSON is Strawberry's own."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from db.money import hundredths_of

DecimalText = NewType("DecimalText", str)


def write_time(value: datetime) -> str:
    """RFC 3339 in UTC with a Z; microseconds only when there are any."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_time(value: object) -> datetime:
    """A date-time with an offset; anything else is refused, since a time without a zone is a guess."""
    try:
        if not isinstance(value, str) or len(value) > 40:
            raise ValueError
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            raise ValueError
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("A DateTime is RFC 3339 text with an offset, such as 2026-11-21T08:00:00Z.") from None


def read_decimal(value: object) -> Decimal:
    """An amount in hundredths, exact; the text has at most 19 digits."""
    try:
        if not isinstance(value, str) or len(value) > 40:
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
