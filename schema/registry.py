"""The registered documents, as a process knows them: each looked up once, and again when it changed.

While nothing is heard nothing is kept, and nothing is kept for longer than ``SECONDS``. What is not registered is kept
too, so that asking for it again asks nobody.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog

from auth.document_policy import DocumentPolicy
from auth.flights import Flights
from auth.principal import Principal
from db.directory import Directory, Row
from db.documents import CHANNEL, Draft
from db.errors import DatabaseError
from db.listener import Listener

_log = structlog.get_logger()
SECONDS = 30.0
SIZE = 8_000_000
ENTRY = 700
"""Bytes that an entry holds beside its text."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A document that is registered, and for whom."""

    id: str
    text: str
    everybody: bool
    published: bool
    grants: Mapping[tuple[str, str], bool]
    """By tenant and key (none: all of the tenant's callers) whether an operator said so."""
    ends_at: datetime | None
    """From when on nobody runs it by its id."""
    sunset: int | None = None
    """The day that was set for that, in seconds since 1970."""

    def level_for(self, caller: Principal | None) -> DocumentPolicy | None:
        """As what the caller knows it; None: as nothing."""
        if self.everybody:
            return DocumentPolicy.TRUSTED
        if caller is None:
            return None
        tenant, key = caller.tenant.hex, caller.key_name
        to_all = self.grants.get((tenant, ""))
        to_key = None if key is None else self.grants.get((tenant, key))
        if to_all is None and to_key is None:
            return None
        return DocumentPolicy.TRUSTED if self.published and (to_all or to_key) else DocumentPolicy.REGISTERED

    def is_over(self, now: datetime) -> bool:
        """Whether it was retired, or its day has come."""
        return self.ends_at is not None and self.ends_at <= now


class Registry:
    """``start`` before the first question; ``stop`` before the directory is closed."""

    def __init__(self, directory: Directory, size: int = SIZE) -> None:
        self._directory = directory
        self._size = size
        self._kept: OrderedDict[str, tuple[Registered | None, float]] = OrderedDict()
        self._flights = Flights[Registered | None]()
        self._listener: Listener | None = None
        self._heard = self._weight = 0
        self.changed: Callable[[str | None], None] = _nobody
        """Told of each document that changed; None: of any, perhaps."""

    async def start(self) -> None:
        self._listener = await self._directory.listen(CHANNEL, self.hear, self.miss)

    async def stop(self) -> None:
        if self._listener is not None:
            await self._listener.stop()

    def knows(self, id: str) -> bool:
        """Whether what ``find`` would answer is known here now."""
        return self._fresh(id) is not None

    def known(self, id: str) -> Registered | None:
        """The document of that id, if it is known here now; else there may still be one."""
        kept = self._fresh(id)
        if kept is None:
            return None
        self._kept.move_to_end(id)
        return kept[0]

    async def find(self, id: str) -> Registered | None:
        """The document of that id, if it is registered. Raises what the directory raises."""
        kept = self._fresh(id)
        if kept is not None:
            self._kept.move_to_end(id)
            return kept[0]
        mark = self._heard
        # Together only with those who ask since the same change: later ones must hear of what came after it.
        found = await self._flights.join((id, mark), lambda: self._ask(id))
        if mark == self._heard and self._hears:
            self._keep(id, found)
        return found

    async def register(self, draft: Draft, caller: Principal) -> None:
        """Have it registered for the caller's tenant, as far as there is room for it."""
        try:
            found = await self.find(draft.id)
            if found is None or found.level_for(caller) is None:
                await self._directory.documents.register(draft, caller.tenant.hex)
                self.hear(draft.id)
        except DatabaseError as error:
            _log.info("document_not_registered", error=type(error).__name__)

    def hear(self, id: str) -> None:
        """Something about this document changed."""
        self._heard += 1
        self._forget(id)
        self.changed(id)

    def miss(self) -> None:
        """Something may have changed that was not heard."""
        self._heard += 1
        self._kept.clear()
        self._weight = 0
        self.changed(None)

    @property
    def _hears(self) -> bool:
        return self._listener is not None and self._listener.listening

    def _fresh(self, id: str) -> tuple[Registered | None, float] | None:
        kept = self._kept.get(id)
        return kept if kept is not None and monotonic() < kept[1] and self._hears else None

    def _keep(self, id: str, found: Registered | None) -> None:
        self._forget(id)
        self._kept[id] = found, monotonic() + SECONDS
        self._weight += _weight_of(found)
        while self._weight > self._size:
            self._forget(next(iter(self._kept)))

    def _forget(self, id: str) -> None:
        kept = self._kept.pop(id, None)
        if kept is not None:
            self._weight -= _weight_of(kept[0])

    async def _ask(self, id: str) -> Registered | None:
        row = (await self._directory.documents.find([id])).get(id)
        return None if row is None else _registered(row)


def _registered(row: Row) -> Registered:
    ends = [each for each in (row["retired_at"], row["sunset_at"]) if each is not None]
    grants = zip(zip(row["tenants"] or (), row["keys"] or (), strict=True), row["trusts"] or (), strict=True)
    return Registered(
        row["id"],
        row["text"],
        row["everybody"],
        row["published_at"] is not None,
        dict(grants),
        min(ends, default=None),
        None if row["sunset_at"] is None else int(row["sunset_at"].timestamp()),
    )


def _weight_of(found: Registered | None) -> int:
    return ENTRY if found is None else ENTRY + 2 * len(found.text) + ENTRY * len(found.grants)


def _nobody(_: str | None) -> None:
    """Nobody wants to know."""
