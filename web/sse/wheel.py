"""One clock for many: what is due soon is kept in slots of time, not in a timer for each stream."""

import asyncio
import math
from collections.abc import Callable
from time import monotonic

import structlog

_log = structlog.get_logger()


class Wheel:
    """``place`` a call; ``turn`` makes it, at most ``grain`` seconds late."""

    def __init__(self, grain: float) -> None:
        self._grain = grain
        self._slots: dict[int, list[Callable[[], None]]] = {}
        self._turned = int(monotonic() / grain)

    def place(self, when: float, call: Callable[[], None]) -> None:
        """Call it once, at this time of the monotonic clock or a little later."""
        slot = max(math.ceil(when / self._grain), self._turned + 1)
        self._slots.setdefault(slot, []).append(call)

    async def turn(self) -> None:
        """Turn for ever."""
        while True:
            await asyncio.sleep(self._grain)
            reached = int(monotonic() / self._grain)
            while self._turned < reached:
                self._turned += 1
                for call in self._slots.pop(self._turned, ()):
                    _make(call)


def _make(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception as error:  # the others are due all the same
        _log.error("unexpected_error", exc_info=error)
