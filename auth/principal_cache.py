"""Callers known for a few seconds, so that a request need not ask the directory who it is.

What makes this safe: the database tells of every change of a user, a membership, a role or a session as it commits
(``db/migrations``: triggers), and a caller that is told of is forgotten at once. While nothing is heard nothing is
kept; and nothing is kept for longer than ``SECONDS``.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from auth.principal import Principal

SECONDS = 5
SIZE = 20_000
EVERYBODY = "*"


class PrincipalCache:
    """``hears`` answers whether changes are being told now."""

    def __init__(self, hears: Callable[[], bool]) -> None:
        self._hears = hears
        self._kept: OrderedDict[Hashable, tuple[Principal, datetime]] = OrderedDict()
        self._heard = 0

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
        return self._heard

    def put(self, key: Hashable, principal: Principal, now: datetime, mark: int) -> None:
        """Keep what the directory said, unless something changed since it was asked."""
        if mark != self._heard or not self._hears():
            return
        until = now + timedelta(seconds=SECONDS)
        if principal.expires_at is not None:
            until = min(until, principal.expires_at)
        self._kept[key] = (principal, until)
        if len(self._kept) > SIZE:
            self._kept.popitem(last=False)

    def forget(self, user_id: str) -> None:
        """Something about this user changed; ``*`` is everybody."""
        self._heard += 1
        if user_id == EVERYBODY:
            self._kept.clear()
            return
        for key in [key for key, (principal, _) in self._kept.items() if principal.user_id == user_id]:
            del self._kept[key]
