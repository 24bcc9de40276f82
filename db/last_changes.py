"""When each noun of a tenant last changed, by the log: an answer that was read before that is old.

Theory of operation
- Whoever asks for a tenant has its log followed from then on (``db/hub.py``): by one reader a process, however many
  ask. Of what comes only the number of each noun's newest event is kept.
- What is heard of but not read yet may be of any noun: until it is read everything that was read before is old. What a
  process commits it hears of at once, so it never shows its own writers what they changed.
- Of what happened before a tenant was followed nothing is known: what was read before is old.
- A tenant that nobody has asked for in ``IDLE_SECONDS`` is left at its next change; of more than ``MOST`` the one that
  was not asked for longest is.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import aclosing
from time import monotonic

import structlog

from db.events import Position
from db.hub import Hub
from db.tasks import end
from db.tenancy import TenantId

IDLE_SECONDS = 600.0
MOST = 1_000
ATTEND_SECONDS = 0.5
"""How long an answer waits until its tenant's log is followed; then it is not kept."""
_log = structlog.get_logger()


class _Place:
    """How far one tenant's log is read; ``read`` is None until it is followed."""

    def __init__(self, now: float) -> None:
        self.since = 0
        self.read: int | None = None
        self.changed: dict[str, int] = {}
        self.asked_at = now
        self.begun = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def begin(self, position: Position) -> None:
        self.since = self.read = position.seq
        self.begun.set()


class LastChanges:
    """One a process; ``stop`` before the hub."""

    def __init__(self, hub: Hub, most: int = MOST, clock: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._most = most
        self._clock = clock
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def needed(self, tenant: TenantId, nouns: Collection[str]) -> int | None:
        """The position that what shows these nouns must have been read at, or past, to be true as far as is known; None
        while nothing is known of the tenant.
        """
        place = self._places.get(tenant.hex)
        if place is None or place.read is None:
            return None
        place.asked_at = self._clock()
        self._places.move_to_end(tenant.hex)
        newest = self._hub.newest(tenant)
        if newest > place.read:
            return newest
        return max(place.since, *(place.changed.get(noun, 0) for noun in nouns)) if nouns else place.since

    async def attend(self, tenant: TenantId) -> int | None:
        """How far the tenant's log is read now: to be taken before anything is read. None where it cannot be followed
        at the moment.
        """
        place = self._places.get(tenant.hex)
        if place is None:
            place = self._begin(tenant)
        if place.read is None:
            try:
                async with asyncio.timeout(ATTEND_SECONDS):
                    await place.begun.wait()
            except TimeoutError:
                return None
        return place.read

    async def stop(self) -> None:
        await end(*(place.task for place in self._places.values() if place.task is not None))

    def _begin(self, tenant: TenantId) -> _Place:
        place = self._places[tenant.hex] = _Place(self._clock())
        place.task = asyncio.create_task(self._follow(tenant, place))
        if len(self._places) > self._most:
            _, oldest = self._places.popitem(last=False)
            if oldest.task is not None:
                oldest.task.cancel()
        return place

    async def _follow(self, tenant: TenantId, place: _Place) -> None:
        try:
            async with aclosing(self._hub.follow(tenant, None, place.begin)) as batches:
                async for batch in batches:
                    place.changed.update((event.entity, event.seq) for event in batch)
                    place.read = batch[-1].seq
                    if self._clock() - place.asked_at > IDLE_SECONDS:
                        return
        except Exception as error:  # whoever asks next begins anew
            _log.warning("changes_not_followed", error=type(error).__name__)
        finally:
            place.read = None
            place.begun.set()
            if self._places.get(tenant.hex) is place:
                del self._places[tenant.hex]
