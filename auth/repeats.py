"""Asking again: for what may be asked twice, and says nothing else the second time.

Pauses grow and are taken by chance from nothing to their most ("full jitter"): many who failed together do not come
back together. An upstream that says when to come back (``Retry-After``, RFC 9110, 10.2.3) is believed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from db.breaker import Unwell

T = TypeVar("T")
Seconds = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Repeats:
    """So many tries within so many seconds. ``first`` is the most of the first pause, and doubles up to ``longest``."""

    tries: int = 3
    within: float = 8.0
    first: float = 0.1
    longest: float = 1.0


async def repeat(  # the ports of time and chance, by name
    ask: Callable[[], Awaitable[T]],
    repeats: Repeats,
    again: tuple[type[Exception], ...],
    *,
    clock: Seconds,
    sleep: Sleep,
    chance: Seconds,
) -> T:
    """What ``ask`` answers, asked again where it raises one of ``again``. Raises what the last try raised: when no try
    is left, or no time for another.
    """
    begun, tried = clock(), 0
    while True:
        try:
            return await ask()
        except again as error:
            tried += 1
            pause = chance() * min(repeats.longest, repeats.first * 2 ** (tried - 1))
            if isinstance(error, Unwell):
                pause += error.seconds
            if tried >= repeats.tries or clock() - begun + pause >= repeats.within:
                raise
        await sleep(pause)


def retry_after(value: str | None, now: datetime) -> float:
    """Seconds from ``now`` that a ``Retry-After`` names, by a number or a date; 0 for none, and for what is neither."""
    if value is None:
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
