"""Places of open streams that all workers share: how many of each key this worker may fill.

Theory of operation
- A worker holds places (``db/redis_places.py``) and fills them by itself. It asks for more when somebody comes for whom
  it has none, and gives back what it no longer fills; what was got for somebody who did not come in after all (there
  was room in the tenant, but none for the user) goes back with the next heartbeat. What happens in one moment travels
  together: however many come, one question is on its way, and the next one ``APART_SECONDS`` after its answer.
- While Redis does not answer, or not at once, nobody waits for it: each worker fills its share, the most by the number
  of workers it last knew of. So it is too when Redis is back and has forgotten who else is there, until they have told
  it, or have been silent for as long as a dead one. Streams that are open are counted, never ended.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

import structlog

from db.errors import Unavailable
from db.redis_places import LEASE_SECONDS, Holding, RedisPlaces, Settled
from db.tasks import end

ASK_SECONDS = 0.25
"""How long a new stream waits for the answer; then Redis counts as away."""
BEAT_SECONDS = LEASE_SECONDS / 3
AWAY_SECONDS = 0.5
"""Between two attempts to count together again."""
APART_SECONDS = 0.01
_log = structlog.get_logger()


class SharedPlaces:
    """One a worker; ``start`` before the first stream. ``filled`` counts this worker's streams by key, and ``most``
    says how many all workers together may have: both belong to whoever made this. At first there are so many
    ``workers``.
    """

    def __init__(
        self, redis: RedisPlaces, filled: Mapping[str, int], most: Callable[[str], int], workers: int = 1
    ) -> None:
        self.together = False
        """Whether all workers are counted now."""
        self._redis = redis
        self._filled = filled
        self._most = most
        self.workers = workers
        """How many there are, as was last heard."""
        self._held: dict[str, int] = {}
        self._asked: Counter[str] = Counter()
        """Places for which somebody waits."""
        self._stale: set[str] = set()
        """Keys of which more or less is held than is needed."""
        self._known = False
        """Whether Redis was told what is held."""
        self._patient_until = 0.0
        self._awake = asyncio.Event()
        self._answered = asyncio.Event()
        """Of the next question, which holds whatever is stale until then."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Answers when all workers are counted, or when it is clear that Redis does not answer."""
        await self._settle_all()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)
        try:
            await self._redis.leave()
        except Unavailable:
            _log.info("places_left_to_their_end")

    def room(self, key: str) -> int:
        """How many streams this worker may have of that key."""
        return self._held.get(key, 0) if self.together else max(1, self._most(key) // self.workers)

    def changed(self, key: str) -> None:
        """It fills another number of them than it holds."""
        self._stale.add(key)
        self._awake.set()

    async def expect(self, keys: Collection[str], count: int) -> None:
        """Get hold of so many more places of each key, if they are to be had: ``room`` tells. Never takes long."""
        if not self.together or all(self._spare(key) >= count for key in keys):
            return
        answered = self._answered
        self._asked.update(dict.fromkeys(keys, count))
        self._stale.update(keys)
        self._awake.set()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await answered.wait()
        except TimeoutError:
            self._count_alone("slow")
        finally:
            for key in keys:
                self._asked[key] -= count
                if not self._asked[key]:
                    del self._asked[key]

    def _spare(self, key: str) -> int:
        """Places of this worker that nobody fills or waits for."""
        return self._held.get(key, 0) - self._filled.get(key, 0) - self._asked[key]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time()
        while True:
            if self.together:
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_SECONDS):
                        await self._awake.wait()
                if loop.time() - beat >= BEAT_SECONDS:
                    beat = loop.time()
                    self._stale.update(key for key in self._held if self._spare(key) > 0)
                await self._settle(self._stale)
            else:
                await asyncio.sleep(AWAY_SECONDS)
                await self._settle_all()
            await asyncio.sleep(APART_SECONDS)

    async def _settle_all(self) -> None:
        await self._settle({key for key in (*self._held, *self._filled) if self._most(key)})

    async def _settle(self, keys: Collection[str]) -> None:
        """Tell what is held of these keys, ask for what is wanted, and let those go on who wait for the answer."""
        answered, self._answered = self._answered, asyncio.Event()
        self._stale = set()
        self._awake.clear()
        holdings, asked_together = [self._holding(key) for key in keys], self.together
        try:
            settled = await self._redis.settle(holdings, known=self._known)
        except Unavailable as error:
            self._count_alone(type(error).__name__)
        else:
            if settled is None:
                self._start_over()
            else:
                self._hold(holdings, settled)
                if asked_together == self.together:
                    self._join(settled.workers)
        finally:
            answered.set()

    def _holding(self, key: str) -> Holding:
        filled = self._filled.get(key, 0)
        wanted = filled + self._asked[key]
        # What is given back here is nobody's to fill any more, whenever Redis hears of it.
        self._held[key] = min(self._held.get(key, 0), wanted)
        return Holding(key, filled, wanted, self._most(key))

    def _hold(self, holdings: Sequence[Holding], settled: Settled) -> None:
        self._known = True
        for each, held in zip(holdings, settled.held, strict=True):
            if held:
                self._held[each.key] = held
            else:
                self._held.pop(each.key, None)

    def _join(self, workers: int) -> None:
        """Count with all others, once they are there again."""
        if workers < self.workers and asyncio.get_running_loop().time() < self._patient_until:
            return
        self.workers = workers
        if not self.together:
            _log.info("places_counted_together", workers=workers)
            self.together = True
            for key, filled in self._filled.items():  # who came while the question was on its way
                if self._most(key) and filled > self._held.get(key, 0):
                    self.changed(key)

    def _start_over(self) -> None:
        """Redis has forgotten this worker, and so perhaps the others, who are yet to tell it of them."""
        self._known = False
        self._patient_until = asyncio.get_running_loop().time() + LEASE_SECONDS
        self._count_alone("forgotten")

    def _count_alone(self, why: str) -> None:
        if self.together:
            _log.warning("places_counted_alone", why=why, workers=self.workers)
        self.together = False
