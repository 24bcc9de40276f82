"""The bus: how processes tell one another that there is something to look at.

What is said on it may be lost, repeated, late or a lie: whoever hears it looks for itself. Nothing is kept for a
listener that is away, so every listener is told when it hears again (``on_reconnect``), which is the moment to look.
It rides PostgreSQL's notifications, or Redis' channels where there is a Redis (``db/redis_bus.py``).
"""

from collections.abc import Callable
from typing import Protocol

from db.directory import Directory
from db.listener import Listener
from db.redis_bus import RedisBus
from db.upstreams import Upstreams

Told = Callable[[str], None]
Reconnected = Callable[[], None]


class Bus(Protocol):
    """Channels of short texts between processes."""

    @property
    def live(self) -> bool:
        """Whether what is said now is heard here, on every channel listened to."""

    async def listen(self, channel: str, told: Told, on_reconnect: Reconnected) -> None:
        """Call ``told`` with each text, until the bus is closed. Does not fail while the bus is away: it keeps
        trying, and calls ``on_reconnect`` each time that it begins to hear after a gap.
        """

    async def publish(self, channel: str, text: str) -> int | None:
        """How many heard it, None where nobody counts. Raises Unavailable."""

    async def close(self) -> None: ...


class PostgresBus:
    """The bus of processes that have nothing but PostgreSQL: up to 7,999 bytes a text."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._listeners: list[Listener] = []

    @property
    def live(self) -> bool:
        return all(listener.listening for listener in self._listeners)

    async def listen(self, channel: str, told: Told, on_reconnect: Reconnected) -> None:
        self._listeners.append(await self._directory.listen(channel, told, on_reconnect))

    async def publish(self, channel: str, text: str) -> None:
        """Raises Unavailable, and ValueError for a text too long."""
        await self._directory.notify(channel, text)

    async def close(self) -> None:
        """Its listeners are the directory's, which closes them."""


def open_bus(directory: Directory, redis_url: str | None, upstreams: Upstreams | None = None) -> Bus:
    """Redis' channels where there is one, which is one of ``upstreams``. Connects when it is first used."""
    return PostgresBus(directory) if redis_url is None else RedisBus(redis_url, upstreams=upstreams)
