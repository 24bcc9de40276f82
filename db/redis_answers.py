"""Answers that all workers share, in Redis, behind those that each has in memory.

Theory of operation
- Redis is never the truth: whether an answer is still one is judged by whoever takes it, as of the tenant's log. So
  nothing has to be deleted there; a key ends by itself.
- A value is sealed together with its key: what somebody else wrote, or moved to another key, is no answer.
- Nobody waits for what is written, and for what is read no longer than ``ANSWER_SECONDS``; while Redis is away, by its
  breaker (``db/redis_client.py``), not at all. No answer fails because of Redis.
- A worker has at most ``size`` bytes there, and for one tenant a quarter of that, by what it wrote and when that ends.
"""

import asyncio
import hashlib
import hmac
import struct
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic

from redis.client import NEVER_DECODE

from db.answers import Kept
from db.bus import Bus
from db.errors import RedisAway
from db.redis_bus import RedisBus
from db.redis_client import RedisClient

ANSWER_SECONDS = 0.25
WRITING = 20
"""Answers that are written at once; what is made while so many are stays in this worker's memory."""
LARGEST = 500_000
"""Bytes of a body; a longer one stays in memory."""
_HEAD = struct.Struct(">dQ")
_TAG = 16


def shared_answers(bus: Bus, realm: str, secret: bytes, size: int) -> "RedisAnswers | None":
    """Those of all workers, by the client of Redis' bus; None where there is no other worker."""
    return RedisAnswers(bus.client, realm, secret, size) if isinstance(bus, RedisBus) else None


class RedisAnswers:
    """One a worker. ``realm``: what an answer depends on beside its key, for others may use the same Redis; ``secret``
    seals.
    """

    def __init__(
        self, client: RedisClient, realm: str, secret: bytes, size: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._client = client
        self._realm = realm
        self._secret = secret
        self._room = _Room(size, clock)
        self._writing: set[asyncio.Task[None]] = set()
        self.unwritten = 0
        """Answers that there was no room for, or no time."""

    async def get(self, key: bytes) -> Kept | None:
        """The answer under that key; None where there is none that can be trusted, or Redis does not answer."""
        try:
            async with self._client.asked(ANSWER_SECONDS):
                found = await self._client.execute_command(  # type: ignore[no-untyped-call]  # it has no types
                    "GET", self._name(key), **{NEVER_DECODE: True}
                )
        except RedisAway:
            return None
        return self._opened(key, found) if isinstance(found, bytes) else None

    def put(self, key: bytes, kept: Kept, owner: str, seconds: int) -> None:
        """Keep it for so long, on ``owner``'s account; returns at once."""
        sealed = self._sealed(key, kept) if len(kept.body) <= LARGEST and len(self._writing) < WRITING else b""
        if not sealed or not self._room.take(owner, len(sealed), seconds):
            self.unwritten += 1
            return
        task = asyncio.create_task(self._write(self._name(key), sealed, seconds))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def stop(self) -> None:
        """What is being written is; that takes no longer than Redis may."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _write(self, name: str, sealed: bytes, seconds: int) -> None:
        try:
            async with self._client.asked(ANSWER_SECONDS):
                await self._client.set(name, sealed, ex=seconds)
        except RedisAway:
            self.unwritten += 1

    def _name(self, key: bytes) -> str:
        return f"tidegate:answer:{self._realm}:{key.hex()}"

    def _sealed(self, key: bytes, kept: Kept) -> bytes:
        text = _HEAD.pack(kept.made_at, kept.read_at) + kept.body
        return self._tag(key, text) + text

    def _opened(self, key: bytes, sealed: bytes) -> Kept | None:
        tag, text = sealed[:_TAG], sealed[_TAG:]
        if len(text) < _HEAD.size or not hmac.compare_digest(tag, self._tag(key, text)):
            return None
        return Kept(text[_HEAD.size :], *_HEAD.unpack_from(text))

    def _tag(self, key: bytes, text: bytes) -> bytes:
        sealing = hashlib.blake2b(digest_size=_TAG, key=self._secret, person=b"answer")
        sealing.update(self._realm.encode() + b":" + key)  # keys are of one length
        sealing.update(text)
        return sealing.digest()


class _Room:
    """What a worker has in Redis, by owner: as much as it wrote and is not over yet."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        self._size = size
        self._clock = clock
        self._written: deque[tuple[float, str, int]] = deque()
        """When each will be over; in the order of writing, so that a short one may wait for a long one."""
        self._weights: Counter[str] = Counter()
        self._weight = 0

    def take(self, owner: str, weight: int, seconds: float) -> bool:
        """Whether there is room for so much, for so long."""
        now = self._clock()
        while self._written and self._written[0][0] <= now:
            _, whose, gone = self._written.popleft()
            self._weight -= gone
            self._weights[whose] -= gone
            if not self._weights[whose]:
                del self._weights[whose]
        if self._weight + weight > self._size or self._weights[owner] + weight > self._size // 4:
            return False
        self._written.append((now + seconds, owner, weight))
        self._weight += weight
        self._weights[owner] += weight
        return True
