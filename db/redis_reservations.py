"""Reservations that all workers share, in Redis. Each step is one script, so that of two claims one wins.

Keys carry the tenant, in braces so that one tenant's lie in one slot of a cluster; all of them end by themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from db.bus import Bus
from db.errors import Duplicate, NoSuchReservation, ReservationTaken, TooMany
from db.redis_bus import RedisBus
from db.redis_client import RedisClient
from db.reservations import (
    KEPT_CHARACTERS,
    KEPT_OPERATIONS,
    LEASE_SECONDS,
    UNCLAIMED_OF_USER,
    UNCLAIMED_SECONDS,
    Claim,
    Holder,
    MemoryReservations,
    Reservation,
    Reservations,
    key_of,
    new_token,
)

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_MINE = """
local row = redis.call('HMGET', KEYS[1], 'user', 'session', 'owner', 'resume', 'made')
if row[1] ~= ARGV[1] or row[2] ~= ARGV[2] then return {'unknown'} end
"""
_WAITING = _MINE + "if row[3] then return {'taken'} end\n"
_TOLD = "return {'ok', row[3] or '', row[4], tostring(now - row[5])}"

_MAKE = (
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then return {'many'} end
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'session', ARGV[2], 'resume', ARGV[3], 'made', now)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], now + ARGV[4], KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {'ok'}
"""
)
_FIND = _NOW + _MINE + _TOLD
_CLAIM = (
    _NOW
    + _WAITING
    + """
row[3] = ARGV[3]
redis.call('HSET', KEYS[1], 'owner', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZREM', KEYS[2], KEYS[1])
local kept = redis.call('HVALS', KEYS[3])
redis.call('DEL', KEYS[3])
return {'ok', row[3], row[4], tostring(now - row[5]), kept}
"""
)
_KEEP = (
    _WAITING
    + """
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then return {'twice'} end
local count = redis.call('HLEN', KEYS[2])
local length = redis.call('HINCRBY', KEYS[1], 'length', string.len(ARGV[4]))
if count >= tonumber(ARGV[5]) or length > tonumber(ARGV[6]) then
    redis.call('HINCRBY', KEYS[1], 'length', -string.len(ARGV[4]))
    return {'many'}
end
local number = redis.call('HINCRBY', KEYS[1], 'number', 1)
redis.call('HSET', KEYS[2], ARGV[3], string.format('%08d', number) .. ARGV[4])
redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
return {'ok'}
"""
)
_DROP = _WAITING + "redis.call('HDEL', KEYS[2], ARGV[3])\nreturn {'ok'}"
_RENEW = """
redis.call('HSETNX', KEYS[1], 'resume', '')
redis.call('HSETNX', KEYS[1], 'made', 0)
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'session', ARGV[2], 'owner', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'ok'}
"""
_RELEASE = "if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('DEL', KEYS[1]) end\nreturn {'ok'}"
_REFUSALS = {"unknown": NoSuchReservation, "taken": ReservationTaken, "twice": Duplicate, "many": TooMany}


def open_reservations(bus: Bus) -> Reservations:
    """Those of all workers where the bus is Redis', by its client; else those of this process."""
    return RedisReservations(bus.client) if isinstance(bus, RedisBus) else MemoryReservations()


class RedisReservations:
    """See ``db/reservations.py``. Every method may raise RedisAway."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def make(self, holder: Holder, resume_after: str | None) -> str:
        token = new_token()
        keys = [_key(holder, key_of(token)), _unclaimed(holder)]
        milliseconds = int(UNCLAIMED_SECONDS * 1000)
        await self._run(_MAKE, keys, [*_names(holder), resume_after or "", milliseconds, UNCLAIMED_OF_USER])
        return token

    async def find(self, key: str, holder: Holder) -> Reservation:
        return _reservation(await self._run(_FIND, [_key(holder, key)], _names(holder)))

    async def claim(self, key: str, holder: Holder, owner: str) -> Claim:
        keys = [_key(holder, key), _unclaimed(holder), _kept(holder, key)]
        told = await self._run(_CLAIM, keys, [*_names(holder), owner, int(LEASE_SECONDS * 1000)])
        return Claim(_reservation(told), tuple(text[8:] for text in sorted(told[3])))

    async def keep(self, key: str, holder: Holder, operation_id: str, text: str) -> None:
        values: list[str | int] = [*_names(holder), operation_id, text, KEPT_OPERATIONS, KEPT_CHARACTERS]
        await self._run(_KEEP, [_key(holder, key), _kept(holder, key)], values)

    async def drop(self, key: str, holder: Holder, operation_id: str) -> None:
        await self._run(_DROP, [_key(holder, key), _kept(holder, key)], [*_names(holder), operation_id])

    async def renew(self, leases: Mapping[str, Holder], owner: str) -> None:
        milliseconds = int(LEASE_SECONDS * 1000)
        async with self._client.asked(), self._client.pipeline(transaction=False) as pipe:
            for key, holder in leases.items():
                values = (holder.user_id, holder.session or "", owner, milliseconds)
                _ = pipe.eval(_RENEW, 1, _key(holder, key), *values)  # sent by execute, all in one
            await pipe.execute()

    async def release(self, key: str, holder: Holder, owner: str) -> None:
        await self._run(_RELEASE, [_key(holder, key)], [owner])

    async def _run(self, script: str, keys: Sequence[str], values: Sequence[str | int]) -> list[Any]:  # Any: its answer
        async with self._client.asked():
            verdict, *told = await self._client.eval(script, len(keys), *keys, *values)
        if verdict != "ok":
            raise _REFUSALS[verdict](verdict)
        return list(told)


def _key(holder: Holder, key: str) -> str:
    return f"tidegate:{{{holder.tenant_id}}}:reservation:{key}"


def _kept(holder: Holder, key: str) -> str:
    return f"{_key(holder, key)}:kept"


def _unclaimed(holder: Holder) -> str:
    return f"tidegate:{{{holder.tenant_id}}}:unclaimed:{holder.user_id}"


def _names(holder: Holder) -> list[str]:
    return [holder.user_id, holder.session or ""]


def _reservation(told: Sequence[Any]) -> Reservation:  # Any: a script's answer
    owner, resume_after, age = told[:3]
    return Reservation(owner or None, resume_after or None, float(age) / 1000)
