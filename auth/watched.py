"""The callers of open streams: by their credentials, by user, and by the moment when their rights end by themselves.

Bookkeeping without I/O; ``auth/rights.py`` judges.
"""

import heapq
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Protocol

from auth.authenticate import Claim
from auth.errors import AuthError, BadKey, BadSession, Forbidden
from auth.principal import Principal
from auth.sessions import Rotation
from auth.standing import MEMBERSHIP_GONE

_SPARE = 500
"""Timers of callers who have left that may lie about before they are cleared away."""


class Lost(StrEnum):
    """Why a caller has no rights any more."""

    SESSION_REVOKED = "SESSION_REVOKED"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105  # a word
    FORBIDDEN = "FORBIDDEN"
    TENANT_SWITCHED = "TENANT_SWITCHED"
    SESSION_ROTATED = "SESSION_ROTATED"
    """The session has another secret: whoever holds it may come back."""


class Follower(Protocol):
    """An open stream. Both are called on the event loop, return at once and raise nothing."""

    def change_rights(self, principal: Principal) -> None:
        """The caller may do other things now."""

    def lose_rights(self, reason: Lost) -> None:
        """Nothing may reach the caller from now on."""


class Caller:
    """One credential in use by any number of streams."""

    __slots__ = ("claim", "ends_at", "followers", "principal")

    def __init__(self, claim: Claim, principal: Principal, ends_at: datetime) -> None:
        self.claim = claim
        self.principal = principal
        self.ends_at = ends_at
        self.followers: dict[int, Follower] = {}
        """By the key of the watch."""


class Watched:
    """One credential is one caller, however many streams it has."""

    def __init__(self) -> None:
        self._callers: dict[Claim, Caller] = {}
        self._of_user: dict[str, dict[Caller, None]] = {}
        self._ends: list[tuple[datetime, int, Caller]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._callers)

    def __contains__(self, caller: Caller) -> bool:
        return self._callers.get(caller.claim) is caller

    def get(self, claim: Claim) -> Caller | None:
        return self._callers.get(claim)

    def everybody(self) -> Iterable[Caller]:
        return self._callers.values()

    def of_user(self, user_id: str) -> Iterable[Caller]:
        return self._of_user.get(user_id, ())

    def add(self, caller: Caller) -> None:
        self._callers[caller.claim] = caller
        for user_id in _whose(caller):
            self._of_user.setdefault(user_id, {})[caller] = None
        self._set_timer(caller)

    def remove(self, caller: Caller) -> None:
        if caller not in self:
            return
        del self._callers[caller.claim]
        for user_id in _whose(caller):
            of_user = self._of_user[user_id]
            del of_user[caller]
            if not of_user:
                del self._of_user[user_id]

    def put_off(self, caller: Caller, ends_at: datetime) -> None:
        """The caller's rights end at another moment."""
        if ends_at != caller.ends_at:
            caller.ends_at = ends_at
            self._set_timer(caller)

    def next_end(self) -> datetime | None:
        return self._ends[0][0] if self._ends else None

    def due(self, now: datetime) -> list[Caller]:
        """The callers whose moment has come, each told once."""
        found: dict[Caller, None] = {}
        while self._ends and self._ends[0][0] <= now:
            caller = heapq.heappop(self._ends)[2]
            if caller in self and caller.ends_at <= now:
                found[caller] = None
        return list(found)

    def _set_timer(self, caller: Caller) -> None:
        if len(self._ends) > 2 * len(self._callers) + _SPARE:
            self._ends = [each for each in self._ends if each[2] in self and each[0] == each[2].ends_at]
            heapq.heapify(self._ends)
        heapq.heappush(self._ends, (caller.ends_at, next(self._order), caller))


def _whose(caller: Caller) -> set[str]:
    """Whose changes concern the caller: its own, and those of the person that acts as it."""
    return {caller.principal.user_id, caller.principal.person.user_id}


def loss_of(refusal: AuthError) -> Lost:
    """Why a caller has no rights any more, by what its credentials were refused for."""
    if isinstance(refusal, Forbidden) or refusal.reason == MEMBERSHIP_GONE:
        return Lost.FORBIDDEN
    if isinstance(refusal, BadSession) and refusal.reason == Rotation.TENANT:
        return Lost.TENANT_SWITCHED
    if isinstance(refusal, BadSession) and refusal.reason == Rotation.PRIVILEGE:
        return Lost.SESSION_ROTATED
    if isinstance(refusal, BadKey) and refusal.reason == "expired":
        return Lost.TOKEN_EXPIRED
    return Lost.SESSION_REVOKED
