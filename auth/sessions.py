"""Sessions of browsers: a random secret in the cookie, its hash in the database, two timeouts."""

import hashlib
import secrets
from datetime import datetime, timedelta

ABSOLUTE = timedelta(days=14)
"""From sign-in to the end, whatever happens."""
IDLE = timedelta(hours=24)
"""Without a request, the session ends earlier."""
TOUCHED_EVERY = timedelta(minutes=1)
"""How exactly the last use is known: one write a minute at most."""
_SECRET_BYTES = 32
_LONGEST_SECRET = 128


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


def ends_at(seen_at: datetime, expires_at: datetime) -> datetime:
    """When the session ends if nobody uses it from now on."""
    return min(expires_at, seen_at + IDLE)
