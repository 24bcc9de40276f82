"""Counts of sign-ins that failed: a part of the directory's door, so that all workers count together.

A *key* stands for an account, an address, or both. ``count`` is asked before a password is looked at and counts it as a
failure beforehand, so that many guesses at once are as slow as one after another; ``forgive`` takes that back.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.statements import Statement

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]

_COUNT = """
WITH asked AS (
    SELECT * FROM unnest($1::bytea[], $2::int[], $3::int[], array_fill($4::timestamptz, ARRAY[cardinality($2)]))
        AS a (key, free, longest, now)
), held AS (
    SELECT f.until, f.failures >= f.free AS slowed FROM sign_in_failures f WHERE f.key = ANY ($1)
    ORDER BY f.key FOR UPDATE
), closed AS (
    SELECT max(until) AS until FROM held WHERE slowed AND until > $4
), counted AS (
    INSERT INTO sign_in_failures AS f (key, free, longest, failures, until, last_at)
    SELECT key, free, longest, 1, now, now FROM asked WHERE (SELECT until FROM closed) IS NULL ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN f.last_at < excluded.last_at - interval '1 hour' THEN 1 ELSE f.failures + 1 END,
        until = excluded.last_at + CASE
            WHEN f.last_at < excluded.last_at - interval '1 hour' OR f.failures + 1 < f.free THEN interval '0'
            ELSE make_interval(secs => least(f.longest, 2 ^ least(f.failures + 1 - f.free, 20))) END,
        last_at = excluded.last_at
)
SELECT until FROM closed
"""
"""By hand: counts and reads in one statement, which SQLAlchemy would not make clearer."""
COUNT = Statement(_COUNT, ("keys", "free", "longest", "now"), {})
FORGIVE = Statement(
    "WITH gone AS (DELETE FROM sign_in_failures "
    "WHERE key = ANY ($1::bytea[]) OR last_at < $3::timestamptz - interval '1 day') "
    "UPDATE sign_in_failures SET failures = failures - 1, until = $3::timestamptz WHERE key = $2 AND failures > 0",
    ("keys", "lessened", "now"),
    {},
)


@dataclass(frozen=True, slots=True)
class Brake:
    """How many failures of a key are free, and the longest wait after more, in seconds; it doubles from one second."""

    key: bytes
    free: int
    longest: int


class Attempts:
    """Reached as ``directory.attempts``; raises what the directory raises."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def count(self, brakes: Sequence[Brake]) -> datetime | None:
        """Count one more failure on each; or, counting nothing, answer until when one of them is closed."""
        rows = await self._run(
            COUNT,
            keys=[brake.key for brake in brakes],
            free=[brake.free for brake in brakes],
            longest=[brake.longest for brake in brakes],
        )
        until: datetime | None = rows[0]["until"]
        return until

    async def forgive(self, keys: Sequence[bytes], lessened: bytes) -> None:
        """It was no failure: forget those of ``keys``, and take one off ``lessened``."""
        await self._run(FORGIVE, keys=list(keys), lessened=lessened)
