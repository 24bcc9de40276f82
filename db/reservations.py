"""Reservations of graphql-sse's single connection mode: a place for a stream that will come, and who may take it.

- The token is 256 bits, made here, told once, and stored as its hash alone.
- A reservation belongs to one user, one tenant and one session. For everybody else it does not exist.
- It waits ``UNCLAIMED_SECONDS`` for its stream. Then it is the lease of the worker that holds the stream, which renews
  it; when that worker dies the lease ends by itself. When the stream ends the reservation is over.
- What is posted before the stream is there is kept with it, within bounds, and handed to who claims it.

This file holds what all of them share, and the reservations of a single process. ``db/redis_reservations.py`` has
those that several workers share.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from db.errors import Duplicate, NoSuchReservation, ReservationTaken, TooMany

UNCLAIMED_SECONDS = 30.0
LEASE_SECONDS = 15.0
"""How long a worker that died still seems to hold its streams."""
UNCLAIMED_OF_USER = 50
"""In one tenant."""
KEPT_OPERATIONS = 20
KEPT_CHARACTERS = 65_536
"""Of all operations that one reservation keeps."""
UNCLAIMED_OF_PROCESS = 10_000
_TOKEN_BYTES = 32
_TOKEN_LENGTH = 43


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a reservation is: ids in hex; ``session`` is the session's public name, None for a bearer token."""

    user_id: str
    tenant_id: str
    session: str | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is known of one: ``owner`` is the worker that has its stream, None while it is unclaimed; ``resume_after``
    the last event id that came with it; ``age`` its seconds.
    """

    owner: str | None
    resume_after: str | None
    age: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A reservation that is the caller's stream now, and the operations that were kept for it, oldest first."""

    reservation: Reservation
    kept: tuple[str, ...]


class Reservations(Protocol):
    """Every method may raise Unavailable. ``key`` is what ``key_of`` makes of a token."""

    async def make(self, holder: Holder, resume_after: str | None) -> str:
        """The new reservation's token. Raises TooMany when the user has too many that nobody claimed."""

    async def find(self, key: str, holder: Holder) -> Reservation:
        """Raises NoSuchReservation."""

    async def claim(self, key: str, holder: Holder, owner: str) -> Claim:
        """Raises NoSuchReservation, ReservationTaken: of several claims one succeeds."""

    async def keep(self, key: str, holder: Holder, operation_id: str, text: str) -> None:
        """Keep an operation for the stream to come. Raises NoSuchReservation, ReservationTaken, Duplicate for an id
        that is kept already, TooMany.
        """

    async def drop(self, key: str, holder: Holder, operation_id: str) -> None:
        """No longer keep it, if it is kept. Raises NoSuchReservation, ReservationTaken."""

    async def renew(self, leases: Mapping[str, Holder], owner: str) -> None:
        """The streams of these reservations are still open here; makes anew what was lost."""

    async def release(self, key: str, holder: Holder, owner: str) -> None:
        """The stream has ended, and the reservation with it."""


def new_token() -> str:
    """43 characters that are safe in a header and in a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def key_of(token: str) -> str:
    """What a reservation is stored under. Raises NoSuchReservation for text that is no token.

    Plain SHA-256: the token is random, so there is nothing to guess and nothing to slow down.
    """
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        raise NoSuchReservation("malformed")
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(slots=True)
class _Entry:
    holder: Holder
    resume_after: str | None
    made: float
    owner: str | None = None
    kept: dict[str, str] = field(default_factory=dict)


class MemoryReservations:
    """Those of one process, which is all there is without Redis. Leases need no renewing: they die with the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._unclaimed: OrderedDict[str, _Entry] = OrderedDict()
        """In the order in which they end."""
        self._claimed: dict[str, _Entry] = {}
        self._of_user: dict[tuple[str, str], int] = {}

    async def make(self, holder: Holder, resume_after: str | None) -> str:
        self._expire()
        count = self._of_user.get(_user(holder), 0)
        if count >= UNCLAIMED_OF_USER or len(self._unclaimed) >= UNCLAIMED_OF_PROCESS:
            raise TooMany("too many reservations that nobody claimed")
        token = new_token()
        self._unclaimed[key_of(token)] = _Entry(holder, resume_after, self._clock())
        self._of_user[_user(holder)] = count + 1
        return token

    async def find(self, key: str, holder: Holder) -> Reservation:
        return self._told(self._entry(key, holder))

    async def claim(self, key: str, holder: Holder, owner: str) -> Claim:
        entry = self._waiting(key, holder)
        self._take_out(key)
        entry.owner = owner
        self._claimed[key] = entry
        kept, entry.kept = tuple(entry.kept.values()), {}
        return Claim(self._told(entry), kept)

    async def keep(self, key: str, holder: Holder, operation_id: str, text: str) -> None:
        kept = self._waiting(key, holder).kept
        if operation_id in kept:
            raise Duplicate(operation_id)
        if len(kept) >= KEPT_OPERATIONS or sum(map(len, kept.values())) + len(text) > KEPT_CHARACTERS:
            raise TooMany("too much is kept for a stream that is not there")
        kept[operation_id] = text

    async def drop(self, key: str, holder: Holder, operation_id: str) -> None:
        self._waiting(key, holder).kept.pop(operation_id, None)

    async def renew(self, leases: Mapping[str, Holder], owner: str) -> None:
        """Nothing to do."""

    async def release(self, key: str, holder: Holder, owner: str) -> None:
        self._claimed.pop(key, None)

    def _entry(self, key: str, holder: Holder) -> _Entry:
        self._expire()
        entry = self._claimed.get(key) or self._unclaimed.get(key)
        if entry is None or entry.holder != holder:
            raise NoSuchReservation("unknown")
        return entry

    def _waiting(self, key: str, holder: Holder) -> _Entry:
        entry = self._entry(key, holder)
        if entry.owner is not None:
            raise ReservationTaken("claimed")
        return entry

    def _told(self, entry: _Entry) -> Reservation:
        return Reservation(entry.owner, entry.resume_after, self._clock() - entry.made)

    def _expire(self) -> None:
        now = self._clock()
        while self._unclaimed:
            key, entry = next(iter(self._unclaimed.items()))
            if now - entry.made < UNCLAIMED_SECONDS:
                return
            self._take_out(key)

    def _take_out(self, key: str) -> None:
        user = _user(self._unclaimed.pop(key).holder)
        self._of_user[user] -= 1
        if not self._of_user[user]:
            del self._of_user[user]


def _user(holder: Holder) -> tuple[str, str]:
    return holder.tenant_id, holder.user_id
