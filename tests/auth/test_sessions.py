"""A session's secret, and when it ends."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from auth.sessions import USUAL, Lifetimes, hash_of, new_secret
from db.directory import Row

START = datetime(2026, 11, 21, tzinfo=UTC)
DAY = timedelta(days=1)


def row(made: datetime, seen: datetime, expires: datetime) -> Row:
    found: Any = {"session_created_at": made, "seen_at": seen, "expires_at": expires}
    return cast("Row", found)


def test_secrets_hold_256_bits_and_never_repeat() -> None:
    secrets = {new_secret() for _ in range(1_000)}
    assert len(secrets) == 1_000
    assert all(len(secret) == 43 for secret in secrets)


def test_the_hash_is_not_the_secret() -> None:
    secret = new_secret()
    hashed = hash_of(secret)
    assert hashed is not None
    assert len(hashed) == 32
    assert secret.encode() not in hashed


@pytest.mark.parametrize("text", ["", "x" * 129, "sécret", "\ud800"])
def test_text_that_is_no_secret_has_no_hash(text: str) -> None:
    assert hash_of(text) is None


def test_an_idle_session_ends_after_a_day() -> None:
    assert USUAL.ends_at(row(START, START, START + 14 * DAY)) == START + DAY


def test_a_busy_session_ends_when_it_was_meant_to() -> None:
    assert USUAL.ends_at(row(START, START + 13.5 * DAY, START + 14 * DAY)) == START + 14 * DAY


def test_shorter_lifetimes_hold_for_sessions_that_there_are_and_longer_ones_do_not() -> None:
    there = row(START, START + 2 * DAY, START + 14 * DAY)
    assert Lifetimes(idle=5 * DAY, absolute=3 * DAY).ends_at(there) == START + 3 * DAY
    assert Lifetimes(idle=99 * DAY, absolute=99 * DAY).ends_at(there) == START + 14 * DAY
