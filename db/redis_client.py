"""How this house speaks to Redis: one client with bounds on every wait, and what its absence looks like.

Nothing is retried in here: a connection that was lost and quietly made again has missed what was said meanwhile, and
a command that may have been carried out is not to be sent twice unseen. Commands go through a breaker, so that a Redis
that is away, or hangs, holds up a few of them and not all: whoever asks does without it at once. Whoever listens keeps
trying by itself, and closes the breaker when it hears again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from db.breaker import Breaker, Tolerance
from db.errors import CircuitOpen, RedisAway
from db.upstreams import Upstreams

COMMAND_SECONDS = 2.0
"""Longest wait for a connection, and for an answer, and for both."""
TOLERANCE = Tolerance(failures=3, window=10.0, first=0.1, longest=0.25)
"""Short pauses: to ask whether it is back costs next to nothing, and limits hold for all workers only once it is."""
CONNECTIONS = 20
"""More commands than that at once wait for one another."""
LOST = (OSError, TimeoutError, RedisError, RuntimeError)
"""What the driver throws when Redis cannot be reached, hangs up, or refuses; and what uvloop does (RuntimeError) when a
connection closes between being made and being written to.
"""


_UNWELL = (OSError, RedisConnectionError, RedisTimeoutError, RuntimeError)
"""Of those, what says that Redis is unwell; a command that it refuses it has answered."""


class RedisClient(Redis):
    """The driver's client, and the breaker of the Redis behind it."""

    def __init__(self, pool: BlockingConnectionPool, breaker: Breaker) -> None:
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True
        self.breaker = breaker

    @asynccontextmanager
    async def asked(self, seconds: float = COMMAND_SECONDS) -> AsyncIterator[None]:
        """Around a command or a pipeline, which may take so many seconds. Raises RedisAway for whatever the driver
        throws, and at once while the breaker is open.
        """
        try:
            async with self.breaker.call(seconds):
                yield
        except CircuitOpen as error:
            raise RedisAway(str(error), error.seconds) from None
        except LOST as error:
            raise RedisAway("Redis is away for a moment. Try again.") from error


def redis_client(url: str, upstreams: Upstreams | None = None) -> RedisClient:
    """Connects when it is first used. Its breaker is one of these ``upstreams``."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=COMMAND_SECONDS,
        decode_responses=True,
        encoding_errors="replace",
        retry=Retry(NoBackoff(), 0),
        socket_timeout=COMMAND_SECONDS,
        socket_connect_timeout=COMMAND_SECONDS,
        client_name="tidegate",
    )
    return RedisClient(pool, (upstreams or Upstreams()).of("redis", TOLERANCE, _UNWELL))


async def forget_idle(client: Redis) -> None:
    """Close the connections that wait for work: after Redis was away each of them would fail once."""
    await client.connection_pool.disconnect(inuse_connections=False)
