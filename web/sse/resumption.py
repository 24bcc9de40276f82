"""From where the operations of one connection go on, and until when.

A last event id that came with the reservation or with its stream counts for what is posted within ten seconds. Until
they are over the client is told no other: it would move what it is only about to post past what that has missed
(decision 23).
"""

import asyncio
from collections.abc import Callable

from web.sse.posted import Posted

RESUME_SECONDS = 10.0
"""How long a last event id that came with a reservation or with its stream counts for what is posted."""


class Resumption:
    """``hold`` keeps the client's last id where it is, ``free`` lets it go; ``close`` when the connection is over."""

    def __init__(self, last_event_id: str | None, hold: Callable[[], None], free: Callable[[], None]) -> None:
        self.last_event_id = last_event_id
        """None when it counts no longer."""
        self._hold = hold
        self._free = free
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + RESUME_SECONDS
        self._timer: asyncio.TimerHandle | None = None
        if last_event_id is not None:
            self._wait()

    def resume(self, posted: Posted) -> Posted:
        """What was posted, going on after the connection's id unless it has one of its own: a client that sends one
        with each of its operations is about to send more.
        """
        posted = posted.resumed_after(self.last_event_id)
        if posted.request.last_event_id is not None and self._timer is None and self._loop.time() < self._ends:
            self._wait()
        return posted

    def end(self) -> None:
        """The time is over: nothing that is posted from now on goes on after the connection's id. Twice is once."""
        timer, self._timer = self._timer, None
        self.last_event_id, self._ends = None, self._loop.time()
        if timer is not None:
            timer.cancel()
            self._free()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        self._hold()
        self._timer = self._loop.call_at(self._ends, self.end)
