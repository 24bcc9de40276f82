"""Callers known for a few seconds, so that a request need not ask the directory who it is.

What makes this safe: the database tells of every change of a user, a membership, a role or a session as it commits
(``db/migrations``: triggers), and a caller that is told of is forgotten at once. While nothing is heard nothing is
kept; and nothing is kept for longer than ``SECONDS``.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from auth.marks import EVERYBODY, Marks
from auth.principal import Principal

SECONDS = 5
SIZE = 20_000


class PrincipalCache:
    """``hears`` answers whether changes are being told now."""

    def __init__(self, hears: Callable[[], bool]) -> None:
        self._hears = hears
        self._kept: OrderedDict[Hashable, tuple[Principal, datetime]] = OrderedDict()
        self._keys_of: dict[str, set[Hashable]] = {}
        """By user: a change of one costs nothing for the others."""
        self.marks = Marks()
        """Of the changes that were told."""

    @property
    def hears(self) -> bool:
        """Whether changes are being told now."""
        return self._hears()

    def get(self, key: Hashable, now: datetime) -> Principal | None:
        """The caller behind the credentials, if it is known and still good."""
        found = self._kept.get(key)
        if found is None or now >= found[1] or not self._hears():
            return None
        return found[0]

    def mark(self) -> int:
        """To be taken before the directory is asked, and given to ``put``."""
        return self.marks.now

    def put(self, key: Hashable, principal: Principal, now: datetime, mark: int) -> None:
        """Keep what the directory said, unless something changed since it was asked."""
        if mark != self.marks.now or not self._hears():
            return
        until = now + timedelta(seconds=SECONDS)
        if principal.good_until is not None:
            until = min(until, principal.good_until)
        self._drop(key)
        self._kept[key] = (principal, until)
        for user_id in _users(principal):
            self._keys_of.setdefault(user_id, set()).add(key)
        if len(self._kept) > SIZE:
            self._drop(next(iter(self._kept)))

    def forget(self, user_id: str) -> None:
        """Something about this user changed; ``*`` is everybody."""
        self.marks.note(user_id)
        if user_id == EVERYBODY:
            self._kept.clear()
            self._keys_of.clear()
            return
        for key in tuple(self._keys_of.get(user_id, ())):
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        for user_id in () if found is None else _users(found[0]):
            keys = self._keys_of[user_id]
            keys.discard(key)
            if not keys:
                del self._keys_of[user_id]


def _users(principal: Principal) -> set[str]:
    """Whose changes concern it: its own, and those of the person who acts by it."""
    return {principal.user_id, principal.person.user_id}
