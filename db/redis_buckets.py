"""Token buckets that all workers share, in Redis; and in this process's memory while Redis is away.

Theory of operation
- A bucket is a key whose value is the moment at which it is full, by Redis' own clock; it ends by itself then, so what
  is full takes no room. One script takes of all of a request's buckets or of none: one round trip.
- What is given back, and what streams have used, waits for no answer: it goes along with the next question, or by
  itself after ``SETTLE_SECONDS``, added up by bucket. The answer says which buckets owe something.
- While Redis does not answer, or not at once, every worker counts for itself in buckets of its share: the most, and
  what flows in, divided by the number of workers. Each ``AWAY_SECONDS`` one request tries Redis again. What waits to be
  settled is charged to the worker's own buckets then. No request fails because of Redis, and few wait.

One script writes all of a request's buckets, so this is for one Redis and not for a cluster of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

import structlog

from db.buckets import Bucket, MemoryBuckets, Taken
from db.bus import Bus
from db.errors import RedisAway
from db.redis_bus import RedisBus
from db.redis_client import RedisClient
from db.tasks import end

ANSWER_SECONDS = 0.25
"""How long a request waits for the answer; then Redis counts as away."""
AWAY_SECONDS = 1.0
SETTLE_SECONDS = 0.25
MOST_AT_ONCE = 500
"""Buckets that are settled by one script."""
_COUNT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local function full_in(key) return math.max(0, (tonumber(redis.call('GET', key)) or now) - now) end
local function put(key, seconds)
    if seconds > 0 then
        redis.call('SET', key, string.format('%.6f', now + seconds), 'PX', math.ceil(seconds * 1000))
    else
        redis.call('DEL', key)
    end
end
local function after(i, seconds)
    local most, rate, units = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
    return math.max(0, math.min(seconds + units / rate, 2 * most / rate))
end
local asked, answer, short, longest = tonumber(ARGV[1]), {0}, 0, 0
for i = asked + 1, #KEYS do
    local seconds = after(i, full_in(KEYS[i]))
    put(KEYS[i], seconds)
    answer[i + 1] = math.ceil(seconds * 1000000)
end
for i = 1, asked do
    local most, rate, units = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
    local seconds = full_in(KEYS[i])
    local missing = seconds * rate + math.min(units, most) - most
    if missing > 0.000001 and missing / rate > longest then short, longest = i, missing / rate end
    answer[i + 1] = seconds
end
for i = 1, asked do
    if short == 0 then
        answer[i + 1] = after(i, answer[i + 1])
        put(KEYS[i], answer[i + 1])
    end
    answer[i + 1] = math.ceil(answer[i + 1] * 1000000)
end
answer[1] = short
return answer
"""
_log = structlog.get_logger()


def shared_buckets(bus: Bus, realm: str, workers: Callable[[], int]) -> "RedisBuckets | None":
    """Those of all workers, by the client of Redis' bus; None where there is no other worker."""
    return RedisBuckets(bus.client, realm, workers) if isinstance(bus, RedisBus) else None


class RedisBuckets:
    """One a worker; ``start`` before the first request, ``stop`` at last. ``realm``: whose they are, for others may use
    the same Redis; so many ``workers`` share what there is while it is away.
    """

    def __init__(
        self, client: RedisClient, realm: str, workers: Callable[[], int], clock: Callable[[], float] = monotonic
    ) -> None:
        self._client = client
        self._script = client.register_script(_COUNT)
        self._realm = realm
        self._workers = workers
        self._clock = clock
        self._own = MemoryBuckets(clock)
        self._alone = False
        self._try_at = 0.0
        self._used: dict[Bucket, int] = {}
        """What is to be settled."""
        self._owing: dict[Bucket, float] = {}
        """Buckets that owe something, and until when."""
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def together(self) -> bool:
        """Whether all workers count together now."""
        return not self._alone

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """What waits is settled first, if Redis answers."""
        if self._task is not None:
            await end(self._task)
        await self._settle()

    def take_now(self, _buckets: Sequence[Bucket], _units: int) -> Taken | None:
        """Never: Redis counts."""
        return None

    async def take(self, buckets: Sequence[Bucket], units: int) -> Taken:
        now = self._clock()
        if not self._alone or now >= self._try_at:
            self._try_at = now + AWAY_SECONDS  # nobody else tries meanwhile
            counted = await self._count(buckets, units, self._batch())
            if counted is not None:
                return counted
        taken = await self._own.take([self._share(each) for each in buckets], units)
        return self._whole(taken, buckets)

    def charge(self, buckets: Sequence[Bucket], units: int) -> Taken | None:
        if self._alone:
            owed = self._own.charge([self._share(each) for each in buckets], units)
            return None if owed is None else self._whole(owed, buckets)
        for bucket in buckets:
            self._used[bucket] = self._used.get(bucket, 0) + units
        self._awake.set()
        if units <= 0 or not self._owing:
            return None
        now = self._clock()
        waits = [max(0.0, self._owing.get(each, now) - now) for each in buckets]
        wait = max(waits)
        return Taken(waits, buckets[waits.index(wait)], wait) if wait > 0 else None

    def _share(self, bucket: Bucket) -> Bucket:
        return Bucket(bucket.allowance.shared_by(self._workers()), bucket.key)

    @staticmethod
    def _whole(taken: Taken, buckets: Sequence[Bucket]) -> Taken:
        """As of the buckets, of which our own are shares."""
        short = taken.short
        if short is None:
            return taken
        return taken._replace(short=next(each for each in buckets if each.allowance.kind == short.allowance.kind))

    async def _run(self) -> None:
        while True:
            await self._awake.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            await self._settle()

    async def _settle(self) -> None:
        self._awake.clear()
        now = self._clock()
        self._owing = {bucket: until for bucket, until in self._owing.items() if until > now}
        while self._used:
            await self._count((), 0, self._batch())

    def _batch(self) -> dict[Bucket, int]:
        """What is settled now."""
        if len(self._used) <= MOST_AT_ONCE:
            batch, self._used = self._used, {}
            return batch
        return {bucket: self._used.pop(bucket) for bucket in list(self._used)[:MOST_AT_ONCE]}

    async def _count(self, buckets: Sequence[Bucket], units: int, used: dict[Bucket, int]) -> Taken | None:
        """By Redis; None where it does not answer: what was used is charged to our own buckets then."""
        told = [*((bucket, units) for bucket in buckets), *used.items()]
        keys = [f"tidegate:budget:{self._realm}:{allowance.kind}:{key}" for (allowance, key), _ in told]
        numbers = [part for ((_, most, rate), _), amount in told for part in (most, rate, amount)]
        try:
            async with self._client.asked(ANSWER_SECONDS):
                answer = await self._script(keys, [len(buckets), *numbers])
        except RedisAway as error:
            self._count_alone(error, used)
            return None
        if self._alone:
            _log.info("budgets_counted_together")
        self._alone = False
        short, *microseconds = answer
        full_in = [each / 1e6 for each in microseconds]
        self._note_debts(list(used), full_in[len(buckets) :])
        if not short:
            return Taken(full_in[: len(buckets)])
        bucket = buckets[short - 1]
        return Taken(full_in[: len(buckets)], bucket, bucket.allowance.wait(full_in[short - 1], units))

    def _note_debts(self, buckets: Sequence[Bucket], full_in: Sequence[float]) -> None:
        now = self._clock()
        for bucket, seconds in zip(buckets, full_in, strict=True):
            wait = bucket.allowance.wait(seconds, 0)
            if wait:
                self._owing[bucket] = now + wait
            elif self._owing:
                self._owing.pop(bucket, None)

    def _count_alone(self, away: RedisAway, used: dict[Bucket, int]) -> None:
        if not self._alone:
            _log.warning("budgets_counted_alone", why=type(away.__cause__ or away).__name__, workers=self._workers())
        self._alone, self._try_at = True, self._clock() + (away.seconds or AWAY_SECONDS)
        for bucket, units in used.items():
            self._own.charge([self._share(bucket)], units)
