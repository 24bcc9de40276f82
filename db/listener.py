"""One connection that listens on a channel, and comes back by itself when it is lost.

What is sent while it is away is gone: ``on_reconnect`` is the moment to look for oneself. A silent peer is noticed by
a question every half minute. The answer to a question comes after everything that was sent before it was asked: so
whoever has to know that it was heard asks one (``catch_up``).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import structlog

from db.tasks import end

QUESTION_SECONDS = 30.0
ANSWER_SECONDS = 5.0
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
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        """Of the next question."""
        self.listening = False
        """Whether what is sent now is heard."""

    async def start(self) -> None:
        """Answers when it listens, or when the first try failed and others follow in the background."""
        tried = asyncio.Event()
        self._task = asyncio.create_task(self._keep(tried))
        await tried.wait()

    async def catch_up(self) -> None:
        """Returns when what was committed before has been told, or when nothing is heard any more. A peer is waited
        for as long as for any question.
        """
        if self.listening:
            answered = self._answered
            self._wake.set()
            await answered.wait()

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)

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
                    await self._until_lost(connection, lost)
                finally:
                    self.listening = False
                    self._answered.set()
                    self._answered = asyncio.Event()
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
        self._wake.set()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._told(str(payload))

    async def _until_lost(self, connection: asyncpg.Connection, lost: asyncio.Event) -> None:
        """Ask what is asked for, all that wait by one question, and one when nobody did for long."""
        while not lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(QUESTION_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            answered, self._answered = self._answered, asyncio.Event()
            try:
                if not lost.is_set():
                    await connection.fetchval("SELECT 1 AS heard", timeout=ANSWER_SECONDS)
            finally:
                answered.set()
