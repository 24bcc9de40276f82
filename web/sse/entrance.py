"""Who may open a stream now: limits for each user, tenant and process, and a bucket that new streams pass.

After a restart everybody comes back at once. Those that the bucket does not let in at once wait a little, in order;
those for whom the wait would be long are told when to come back. So a storm of streams never stands in the way of
queries, and nobody hangs.
"""

import asyncio
import math
from collections import Counter
from dataclasses import dataclass
from time import monotonic

from auth.principal import Principal
from web.refusals import Refusal

WAIT_SECONDS = 2.0
"""How long a new stream may wait to be let in."""
BURST_SECONDS = 0.1
"""How much of a second's streams may begin at one moment: finding out whose they are takes connections."""
LIMIT_RETRY = 10
"""Seconds after which to try again when all places are taken."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Open streams at most, and new ones in a second."""

    user: int = 100
    tenant: int = 2_000
    process: int = 20_000
    rate: int = 500


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
    """One a process."""

    def __init__(self, limits: StreamLimits, draining: asyncio.Event) -> None:
        self._limits = limits
        self._draining = draining
        self._taken: Counter[str] = Counter()
        self._depth = max(1.0, limits.rate * BURST_SECONDS)
        self._tokens = self._depth
        self._filled = monotonic()

    async def pass_through(self) -> None:
        """The bucket: returns when a new stream may begin, perhaps after a moment. Nothing is done for it before, not
        even finding out whose it is. Raises Refusal when the moment would be long.
        """
        self.check_open()
        now, rate = monotonic(), self._limits.rate
        wait = (1 - min(self._depth, self._tokens + (now - self._filled) * rate)) / rate
        if wait > WAIT_SECONDS:
            message = "Too many streams open at once. Try again."
            raise Refusal("OVERLOADED", message, headers=_retry(math.ceil(wait)))
        self._tokens, self._filled = -wait * rate, now
        if wait > 0:
            await asyncio.sleep(wait)
            self.check_open()

    def give_back(self) -> None:
        """What passed was no stream after all."""
        self._tokens += 1

    def enter(self, caller: Principal) -> Place:
        """Room for a stream of the caller's. Raises Refusal."""
        self.check_open()
        return self.take(caller)

    def check_open(self) -> None:
        """Raises Refusal while the server goes down."""
        if self._draining.is_set():
            raise Refusal("DRAINING", "The server is going down; connect again.", headers=_retry(1))

    def free(self, keys: tuple[str, ...]) -> None:
        """For ``Place``."""
        for key in keys:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]

    def take(self, caller: Principal) -> Place:
        """Room for one more of the caller's, at once: on a connection that was let in. Raises Refusal."""
        tenant, limits = caller.tenant.hex, self._limits
        user = f"{tenant}/{caller.user_id}"
        for key, most, whose in (
            (user, limits.user, "You have"),
            (tenant, limits.tenant, "The tenant has"),
            ("", limits.process, "The server has"),
        ):
            if self._taken[key] >= most:
                raise Refusal("STREAM_LIMIT", f"{whose} {most} open streams already.", headers=_retry(LIMIT_RETRY))
        keys = user, tenant, ""
        self._taken.update(keys)
        return Place(self, keys)


def _retry(seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"retry-after", b"%d" % seconds),)
