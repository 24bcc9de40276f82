"""One connection that listens on a channel, and comes back by itself when it is lost.

What is sent while it is away is gone: ``on_reconnect`` is the moment to look for oneself. A silent peer is noticed by
a question every half minute.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

QUESTION_SECONDS = 30.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a connection throws when the server cannot be reached or has gone."""
_log = structlog.get_logger()


class Listener:
    """Calls ``told`` with each payload, in the order of arrival; ``start`` once, then ``stop``."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        channel: str,
        told: Callable[[str], None],
        on_reconnect: Callable[[], None] | None = None,
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._told = told
        self._on_reconnect = on_reconnect
        self._task: asyncio.Task[None] | None = None
        self.listening = False
        """Whether what is sent now is heard."""

    async def start(self) -> None:
        """Answers when it listens, or when the first try failed and others follow in the background."""
        tried = asyncio.Event()
        self._task = asyncio.create_task(self._keep(tried))
        await tried.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self, tried: asyncio.Event) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                connection = await self._connect()
                try:
                    lost = await self._begin(connection)
                    if tried.is_set() and self._on_reconnect is not None:
                        self._on_reconnect()
                    self.listening = True
                    tried.set()
                    pause = FIRST_PAUSE
                    await _until_lost(connection, lost)
                finally:
                    self.listening = False
                    connection.terminate()
            except LOST as error:
                _log.warning("listening_interrupted", channel=self._channel, error=type(error).__name__)
            finally:
                tried.set()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _begin(self, connection: asyncpg.Connection) -> asyncio.Event:
        """Listen on the connection; answers the event that its end sets."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: self._lose(lost))
        await connection.add_listener(self._channel, self._hear)
        return lost

    def _lose(self, lost: asyncio.Event) -> None:
        self.listening = False
        lost.set()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._told(str(payload))


async def _until_lost(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    while not lost.is_set():
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                await lost.wait()
        except TimeoutError:
            await connection.fetchval("SELECT 1", timeout=QUESTION_SECONDS)
