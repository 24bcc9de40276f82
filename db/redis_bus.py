"""The bus on Redis' channels, and the listener that knows when it was deaf.

A lost connection loses what is said meanwhile without a word. So nothing reconnects in silence here: each time that
Redis confirms a subscription, the first time too, the listener is told to look for itself. A peer that went silent is
noticed by a question.
"""

import asyncio
import random
from collections.abc import Callable

import structlog
from redis.asyncio.client import PubSub

from db.redis_client import LOST, RedisClient, forget_idle, redis_client
from db.tasks import end
from db.upstreams import Upstreams

QUESTION_SECONDS = 5.0
"""After so long without a word the peer is asked whether it is there; after as long again it is not."""
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
_log = structlog.get_logger()


class RedisBus:
    """See ``db/bus.py``. One connection for each channel listened to. ``client`` is for whoever needs Redis too: when a
    listener hears again its idle connections are made anew.
    """

    def __init__(
        self, url: str, question_seconds: float = QUESTION_SECONDS, upstreams: Upstreams | None = None
    ) -> None:
        self.client = redis_client(url, upstreams)
        self._question_seconds = question_seconds
        self._listeners: list[RedisListener] = []

    @property
    def live(self) -> bool:
        return all(listener.listening for listener in self._listeners)

    async def listen(self, channel: str, told: Callable[[str], None], on_reconnect: Callable[[], None]) -> None:
        listener = RedisListener(self.client, channel, told, on_reconnect, self._question_seconds)
        self._listeners.append(listener)
        await listener.start()

    async def publish(self, channel: str, text: str) -> int:
        """Raises RedisAway."""
        async with self.client.asked():
            return int(await self.client.publish(channel, text))

    async def close(self) -> None:
        for listener in self._listeners:
            await listener.stop()
        await self.client.aclose()


class RedisListener:
    """Calls ``told`` with each text in the order of arrival; ``start`` once, then ``stop``."""

    def __init__(
        self,
        client: RedisClient,
        channel: str,
        told: Callable[[str], None],
        on_reconnect: Callable[[], None],
        question_seconds: float,
    ) -> None:
        self._client = client
        self._channel = channel
        self._told = told
        self._on_reconnect = on_reconnect
        self._question_seconds = question_seconds
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._pause = FIRST_PAUSE
        self.listening = False
        """Whether what is said now is heard."""

    async def start(self) -> None:
        """Answers when it listens, or when the first try failed and others follow in the background."""
        self._task = asyncio.create_task(self._keep())
        await self._tried.wait()

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)

    async def _keep(self) -> None:
        lost = False
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    await self._hear(pubsub)
            except LOST as error:
                if self.listening or not lost:  # once an outage
                    _log.warning("listening_interrupted", channel=self._channel, error=type(error).__name__)
                lost = True
            finally:
                self.listening = False
                self._tried.set()
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _hear(self, pubsub: PubSub) -> None:
        """Until the connection is lost, which raises what the driver throws."""
        asked = False
        while True:
            message = await pubsub.get_message(timeout=self._question_seconds)
            if message is None:
                if asked:
                    raise TimeoutError("Redis does not answer")
                asked = True
                await pubsub.ping()
                continue
            asked = False
            if message["type"] == "subscribe":
                await self._begin()
            elif message["type"] == "message":
                self._tell(str(message["data"]))

    def _tell(self, said: str) -> None:
        """Whatever is said, and whatever comes of it, what is said next is heard."""
        try:
            self._told(said)
        except Exception as error:
            _log.error("unexpected_error", channel=self._channel, exc_info=error)

    async def _begin(self) -> None:
        await forget_idle(self._client)
        self._client.breaker.recover()
        self._pause = FIRST_PAUSE
        self.listening = True
        self._tried.set()
        self._on_reconnect()
