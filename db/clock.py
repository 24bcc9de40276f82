"""The one clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the time now, aware and in UTC."""


def utc_now() -> datetime:
    return datetime.now(UTC)
