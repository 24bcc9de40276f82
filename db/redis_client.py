"""How this house speaks to Redis: one client with bounds on every wait, and what its absence looks like.

Nothing is retried in here: a connection that was lost and quietly made again has missed what was said meanwhile, and
a command that may have been carried out is not to be sent twice unseen.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from db.errors import RedisAway

COMMAND_SECONDS = 2.0
"""Longest wait for a connection, and for an answer."""
CONNECTIONS = 20
"""More commands than that at once wait for one another."""
LOST = (OSError, TimeoutError, RedisError, RuntimeError)
"""What the driver throws when Redis cannot be reached, hangs up, or refuses; and what uvloop does (RuntimeError) when a
connection closes between being made and being written to.
"""


def redis_client(url: str) -> Redis:
    """Connects when it is first used."""
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
    return Redis.from_pool(pool)


async def forget_idle(client: Redis) -> None:
    """Close the connections that wait for work: after Redis was away each of them would fail once."""
    await client.connection_pool.disconnect(inuse_connections=False)


@contextmanager
def away_as_unavailable() -> Iterator[None]:
    """Raises RedisAway for whatever the driver throws."""
    try:
        yield
    except LOST as error:
        raise RedisAway("Redis is away for a moment. Try again.") from error
