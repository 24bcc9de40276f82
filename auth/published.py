"""What others publish at an address and change now and then: fetched once for all who wait, kept while it is fresh, and
for longer while they are away.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from auth.errors import ProviderFailed
from auth.flights import Flights

STALE_SECONDS = 86_400.0
"""How long what is known is trusted while its publisher cannot be reached."""
AGAIN_SECONDS = 10.0
"""Between two looks for what was not there: whoever makes up names sends us nowhere more often. And between two looks
at a publisher who is away, while we go by what we know.
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    value: T
    at: float


class Published(Generic[T]):
    """``fetch`` raises ProviderFailed; what it answers is good for ``fresh`` seconds. ``now`` is seconds of a clock
    that only goes forward.
    """

    def __init__(
        self, fetch: Callable[[str], Coroutine[None, None, T]], fresh: float, now: Callable[[], float] = monotonic
    ) -> None:
        self._fetch = fetch
        self._fresh = fresh
        self._now = now
        self._held: dict[str, _Held[T]] = {}
        self._tried: dict[str, float] = {}
        self._flights = Flights[T]()

    async def get(self, address: str) -> T:
        """Raises ProviderFailed."""
        held, now = self._held.get(address), self._now()
        if held is not None:
            tried_lately = now - self._tried.get(address, -AGAIN_SECONDS) < AGAIN_SECONDS
            if now - held.at <= (STALE_SECONDS if tried_lately else self._fresh):
                return held.value
        return await self._flights.join(address, lambda: self._renew(address))

    async def look_again(self, address: str) -> T:
        """As it is now, for whoever misses something in it; as it was lately, if it was looked for lately. Raises
        ProviderFailed.
        """
        now = self._now()
        if now - self._tried.get(address, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            self._tried[address] = now
            return await self._flights.join(address, lambda: self._renew(address))
        return await self.get(address)

    async def _renew(self, address: str) -> T:
        now = self._now()
        try:
            value = await self._fetch(address)
        except ProviderFailed:
            held = self._held.get(address)
            if held is None or now - held.at > STALE_SECONDS:
                raise
            self._tried[address] = now
            return held.value
        self._held[address] = _Held(value, now)
        return value
