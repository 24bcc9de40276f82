"""Sessions of browsers: a random secret in the cookie, its hash in the database, and two timeouts."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from db.directory import Row

TOUCHED_EVERY = timedelta(minutes=1)
"""How exactly the last use is known: one write a minute at most."""
_SECRET_BYTES = 32
_LONGEST_SECRET = 128


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live. Shorter ones hold for sessions that there are, longer ones for those to come."""

    idle: timedelta = timedelta(hours=24)
    """Without a request, the session ends."""
    absolute: timedelta = timedelta(days=14)
    """From sign-in to the end, whatever happens."""

    def last_until(self, row: Row) -> datetime:
        """When the session ends, however much it is used."""
        stored: datetime = row["expires_at"]
        created_at: datetime = row["session_created_at"]
        return min(stored, created_at + self.absolute)

    def ends_at(self, row: Row) -> datetime:
        """When the session ends if nobody uses it from now on."""
        seen_at: datetime = row["seen_at"]
        return min(self.last_until(row), seen_at + self.idle)


USUAL = Lifetimes()


class Rotation(StrEnum):
    """Why a session has another id now; the old one is dead, and what was opened by it ends."""

    TENANT = "another tenant"
    PRIVILEGE = "another privilege"


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a request that signs in says of itself: kept with the session for its owner to recognise it by."""

    user_agent: str | None = None
    address: str | None = None
    request_id: str | None = None


NOBODY_KNOWN = Visitor()


def new_secret() -> str:
    """256 bits for the cookie: shown once, stored nowhere."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> bytes | None:
    """What the database knows the session by; None for text that is no session's secret.

    Plain SHA-256: the secret is random, so there is nothing to guess and nothing to slow down.
    """
    if not secret or len(secret) > _LONGEST_SECRET or not secret.isascii():
        return None
    return hashlib.sha256(secret.encode()).digest()
