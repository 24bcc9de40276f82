"""The upstreams of a process, each behind a breaker of its own: what it asks of others that may be away."""

from collections.abc import Callable, Iterator
from random import random
from time import monotonic

from db.breaker import Breaker, Tolerance

MOST = 50
"""Upstreams that are told apart. Which there are follows from the settings, and from what the providers named there say
of their own addresses: a bound is needed all the same.
"""
OTHERS = "others"


class Upstreams:
    """One a process. ``clock`` and ``chance``: see ``Breaker``."""

    def __init__(self, clock: Callable[[], float] = monotonic, chance: Callable[[], float] = random) -> None:
        self.clock = clock
        self.chance = chance
        self._breakers: dict[str, Breaker] = {}

    def __iter__(self) -> Iterator[Breaker]:
        return iter(self._breakers.values())

    def of(self, name: str, tolerance: Tolerance, failures: tuple[type[Exception], ...]) -> Breaker:
        """The upstream's breaker, made when it is first asked for; beyond ``MOST`` they share one."""
        found = self._breakers.get(name)
        if found is None:
            if len(self._breakers) >= MOST and name != OTHERS:
                return self.of(OTHERS, tolerance, failures)
            found = self._breakers[name] = Breaker(name, tolerance, failures, self.clock, self.chance)
        return found
