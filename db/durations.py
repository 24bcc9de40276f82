"""How long something took, counted in few numbers that can be added up: by worker, by tenant, for ever.

A count stands for a fifth more time than the one before it, so a percentile read out of them is at most that much off.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence

PLACES = 64
_SHORTEST = 0.000_25
"""Seconds: what takes no longer counts in the first place."""
_PER_DOUBLING = 4


def longest_of(place: int) -> float:
    """The longest duration, in seconds, that is counted there."""
    return float(_SHORTEST * 2 ** (place / _PER_DOUBLING))


_BOUNDS = [longest_of(place) for place in range(PLACES - 1)]


def place_of(seconds: float) -> int:
    """Where a duration is counted; what takes longer than the last place says counts there."""
    return bisect_left(_BOUNDS, seconds)


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The duration, in seconds, that this share of all stayed within; None for none at all."""
    total = sum(counts)
    if not total:
        return None
    rank, seen = math.ceil(total * share), 0
    for place, count in enumerate(counts):
        seen += count
        if seen >= rank:
            return longest_of(place)
    return longest_of(PLACES - 1)
