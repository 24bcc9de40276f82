"""Who may open a stream now: limits for each user, tenant and process, and a bucket that new streams pass.

After a restart everybody comes back at once. Those that the bucket does not let in at once wait a little, in order;
those for whom the wait would be long are told when to come back. So a storm of streams never stands in the way of
queries, and nobody hangs.

A user's and a tenant's limits hold for all workers together where there are several (``web/sse/places.py``).
"""

import asyncio
import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from auth.principal import Principal
from db.redis_places import RedisPlaces
from web.refusals import Refusal
from web.sse.places import SharedPlaces

WAIT_SECONDS = 2.0
"""How long a new stream may wait to be let in."""
BURST_SECONDS = 0.1
"""How much of a second's streams may begin at one moment: finding out whose they are takes connections."""
LIMIT_RETRY = 10
"""Seconds after which to try again when all places are taken."""
_PROCESS = ""


class Full(StrEnum):
    """Why a stream was not let in."""

    USER = "USER"
    TENANT = "TENANT"
    WORKER = "WORKER"
    RATE = "RATE"
    DRAINING = "DRAINING"


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Open streams at most, and new ones in a second."""

    user: int = 100
    tenant: int = 2_000
    process: int = 20_000
    rate: int = 500

    def shared(self, key: str) -> int:
        """The most of a key that all workers count together: a user's has a slash; none for the process itself."""
        return 0 if key == _PROCESS else self.user if "/" in key else self.tenant


class Place:
    """Room for one stream, until ``leave``."""

    __slots__ = ("_entrance", "_keys")

    def __init__(self, entrance: "Entrance", keys: tuple[str, ...]) -> None:
        self._entrance = entrance
        self._keys = keys

    def leave(self) -> None:
        """The stream is over; twice is once."""
        self._entrance.free(self._keys)
        self._keys = ()


class Entrance:
    """One a process. With other workers beside it (``redis``): ``start`` before the first stream, ``stop`` at last."""

    def __init__(
        self, limits: StreamLimits, draining: asyncio.Event, redis: RedisPlaces | None = None, workers: int = 1
    ) -> None:
        self.refused = dict.fromkeys(Full, 0)
        self._limits = limits
        self._draining = draining
        self._taken: Counter[str] = Counter()
        self._shared = None if redis is None else SharedPlaces(redis, self._taken, limits.shared, workers)
        self._depth = max(1.0, limits.rate * BURST_SECONDS)
        self._tokens = self._depth
        self._filled = monotonic()

    @property
    def together(self) -> bool:
        """Whether the limits hold for all workers together now, as they always do for a single one."""
        return self._shared is None or self._shared.together

    @property
    def workers(self) -> int:
        """How many there are, as far as this one knows."""
        return 1 if self._shared is None else self._shared.workers

    async def start(self) -> None:
        if self._shared is not None:
            await self._shared.start()

    async def stop(self) -> None:
        if self._shared is not None:
            await self._shared.stop()

    async def pass_through(self) -> None:
        """The bucket: returns when a new stream may begin, perhaps after a moment. Nothing is done for it before, not
        even finding out whose it is. Raises Refusal when the moment would be long.
        """
        self.check_open()
        now, rate = monotonic(), self._limits.rate
        wait = (1 - min(self._depth, self._tokens + (now - self._filled) * rate)) / rate
        if wait > WAIT_SECONDS:
            raise self._refusal(Full.RATE, "OVERLOADED", "Too many streams open at once. Try again.", math.ceil(wait))
        self._tokens, self._filled = -wait * rate, now
        if wait > 0:
            await asyncio.sleep(wait)
            self.check_open()

    def give_back(self) -> None:
        """What passed was no stream after all."""
        self._tokens += 1

    async def enter(self, caller: Principal) -> Place:
        """Room for a stream of the caller's. Raises Refusal."""
        self.check_open()
        await self.expect(caller)
        self.check_open()
        return self.take(caller)

    def check_open(self) -> None:
        """Raises Refusal while the server goes down."""
        if self._draining.is_set():
            raise self._refusal(Full.DRAINING, "DRAINING", "The server is going down; connect again.", 1)

    def free(self, keys: tuple[str, ...]) -> None:
        """For ``Place``."""
        for key in keys:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]
            if self._shared is not None and key != _PROCESS:
                self._shared.changed(key)

    async def expect(self, caller: Principal, count: int = 1) -> None:
        """So many streams of the caller's are about to come, on connections that were let in: what ``take`` needs to
        know of other workers is found out before, for it cannot wait.
        """
        if self._shared is not None:
            await self._shared.expect(_keys(caller), count)

    def take(self, caller: Principal) -> Place:
        """Room for one more of the caller's, at once: on a connection that was let in. Raises Refusal."""
        user, tenant = _keys(caller)
        limits = self._limits
        self._check(user, limits.user, "You have", Full.USER)
        self._check(tenant, limits.tenant, "The tenant has", Full.TENANT)
        self._check(_PROCESS, limits.process, "The server has", Full.WORKER)
        keys = user, tenant, _PROCESS
        self._taken.update(keys)
        return Place(self, keys)

    def _check(self, key: str, most: int, whose: str, why: Full) -> None:
        room = most if self._shared is None or key == _PROCESS else self._shared.room(key)
        if self._taken[key] >= room:
            told = most if self.together else room
            raise self._refusal(why, "STREAM_LIMIT", f"{whose} {told} open streams already.", LIMIT_RETRY)

    def _refusal(self, why: Full, code: str, message: str, seconds: int) -> Refusal:
        self.refused[why] += 1
        return Refusal(code, message, headers=((b"retry-after", b"%d" % seconds),))


def _keys(caller: Principal) -> tuple[str, str]:
    """What a stream of the caller's counts for: the user in the tenant, and the tenant."""
    tenant = caller.tenant.hex
    return f"{tenant}/{caller.person.user_id}", tenant
