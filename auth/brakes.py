"""The brake on guessing passwords: waits that double, by account and address.

Three counts, each of its own patience: the account from this address, the account from anywhere, this address on any
account. An account from anywhere is slowed only a little, so that strangers cannot lock its owner out. Accounts that do
not exist are counted alike: a wait tells nobody who exists.
"""

import hashlib
import math

from auth.addresses import place_of
from auth.errors import TooManyAttempts
from auth.keyring import Keyring
from db.attempts import Brake
from db.clock import Clock
from db.directory import Directory

PAIR, ACCOUNT, ADDRESS = (5, 900), (50, 30), (200, 300)
"""Failures that are free, and the longest wait in seconds."""


class Brakes:
    """One a process; the counts are in the database."""

    def __init__(self, directory: Directory, keyring: Keyring, clock: Clock) -> None:
        self._directory = directory
        # Keyed, because people type passwords into the wrong field: what is kept must not be guessable from a dump.
        self._key = keyring.keys("sign-in brake")[0]
        self._clock = clock

    async def press(self, email: str, address: str | None) -> None:
        """Before a password is looked at. Raises TooManyAttempts."""
        pair, account, place = self._keys(email, address)
        brakes = (Brake(pair, *PAIR), Brake(account, *ACCOUNT), Brake(place, *ADDRESS))
        until = await self._directory.attempts.count(brakes)
        if until is not None:
            raise TooManyAttempts(max(1, math.ceil((until - self._clock()).total_seconds())))

    async def release(self, email: str, address: str | None) -> None:
        """The password was right."""
        pair, account, place = self._keys(email, address)
        await self._directory.attempts.forgive((pair, account), place)

    def _keys(self, email: str, address: str | None) -> tuple[bytes, bytes, bytes]:
        place = place_of(address) or ""
        return self._hash("pair", email, place), self._hash("account", email), self._hash("address", place)

    def _hash(self, *parts: str) -> bytes:
        text = "\0".join(parts).encode("utf-8", "replace")
        return hashlib.blake2b(text, digest_size=16, key=self._key).digest()
