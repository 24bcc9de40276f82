"""Places of open streams, counted by all workers together in Redis.

Theory of operation
- Each worker tells, in a hash of its own, how many places it holds of each key: a user's in a tenant, a tenant's. These
  are whole numbers and no additions: what is told twice, late or not at all leaves nothing wrong for longer than until
  it is told again.
- Who wants to hold more asks for it in the same script, which grants no more than all the others leave. So the sum is
  never more than the most, however many ask at once.
- A worker's hash ends by itself ``LEASE_SECONDS`` after the worker was last heard of, and its places with it: one that
  died holds nothing. A heartbeat renews all of it at once, whatever it holds.
- A worker whose hash is gone (Redis was restarted, or the worker was held up for long) is told so and counted again
  only when it has told everything.

One script reads the hashes of all workers, so this is for one Redis and not for a cluster of them.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from db.bus import Bus
from db.redis_bus import RedisBus
from db.redis_client import RedisClient

LEASE_SECONDS = 6.0
"""How long a worker that died still seems to hold its places."""
_WORKERS = "tidegate:places"
_SETTLE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[2]) == 0 then return {} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local others = {}
for _, worker in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if worker ~= ARGV[1] then others[#others + 1] = KEYS[1] .. ':' .. worker end
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], '', 0)
local answer = {#others + 1}
for i = 4, #ARGV, 4 do
    local left = tonumber(ARGV[i + 3])
    for _, other in ipairs(others) do left = left - (redis.call('HGET', other, ARGV[i]) or 0) end
    local held = math.max(tonumber(ARGV[i + 1]), math.min(tonumber(ARGV[i + 2]), left))
    if held > 0 then redis.call('HSET', KEYS[2], ARGV[i], held) else redis.call('HDEL', KEYS[2], ARGV[i]) end
    answer[#answer + 1] = held
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return answer
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a worker holds of a key, and what it would like to: ``most`` is for all workers together."""

    key: str
    held: int
    wanted: int
    most: int


@dataclass(frozen=True, slots=True)
class Settled:
    """How many workers there are, this one among them, and how many places of each key this one holds now."""

    workers: int
    held: tuple[int, ...]


def open_places(bus: Bus) -> "RedisPlaces | None":
    """Those of all workers, by the client of Redis' bus; None where there is no other worker."""
    return RedisPlaces(bus.client) if isinstance(bus, RedisBus) else None


class RedisPlaces:
    """One worker's word in the count. Every method may raise RedisAway."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._name = secrets.token_hex(8)

    async def settle(self, holdings: Sequence[Holding], *, known: bool) -> Settled | None:
        """Tell what is held and get what is wanted, as far as it is left: never less than ``held``. Renews the lease of
        everything else that was told before. None when ``known`` and nothing is known any more: tell everything.
        """
        told = [part for each in holdings for part in (each.key, each.held, each.wanted, each.most)]
        keys = (_WORKERS, f"{_WORKERS}:{self._name}")
        async with self._client.asked():
            answer = await self._client.eval(
                _SETTLE, len(keys), *keys, self._name, int(LEASE_SECONDS * 1000), int(known), *told
            )
        return Settled(answer[0], tuple(answer[1:])) if answer else None

    async def leave(self) -> None:
        """This worker holds nothing any more."""
        async with self._client.asked(), self._client.pipeline(transaction=True) as pipe:
            _ = pipe.delete(f"{_WORKERS}:{self._name}"), pipe.zrem(_WORKERS, self._name)  # sent by execute
            await pipe.execute()
