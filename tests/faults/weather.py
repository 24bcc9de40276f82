"""What happens to a running installation: processes that are killed, ended, stopped for a while; connections that are
cut and frozen. One thing after the other, chosen by a seed.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import psutil

from db.embedded import Embedded
from tests.faults.nursery import Nursery
from tests.support.redis import RedisServer
from tests.support.wire import Link, Wire

CALM_SECONDS = (0.3, 1.5)
"""Between one strike and the next."""
HARMLESS = ("worker frozen", "Redis killed", "Redis frozen", "PostgreSQL restarted", "PostgreSQL killed")
"""Strikes under which streams stay open: they are late, and catch up."""


class Postgres:
    """A server of its own, to be stopped and killed; ``folder`` keeps its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.server = Embedded.start(folder, durable=False)

    def restart(self) -> None:
        """In good order, under everybody's feet."""
        self.server.stop()
        self.server = Embedded.start(self._folder, durable=False)

    def crash(self) -> None:
        """By surprise; what was committed is there again, recovered from its log."""
        number = int((self.server.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(number)
        process.kill()
        psutil.wait_procs([process], timeout=10)
        self.server.leave()
        self.server = Embedded.start(self._folder, durable=False)


class Weather:
    """``struck`` counts what happened so far, ``ended`` the streams that ended while it did. ``only`` names strikes to
    choose from; all, when it names none.
    """

    def __init__(
        self,
        chance: random.Random,
        nursery: Nursery,
        redis: RedisServer,
        postgres: Postgres,
        wire: Wire,
        only: Sequence[str] = (),
    ) -> None:
        self.struck: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.now = ""
        """What is happening."""
        self._chance = chance
        self._nursery = nursery
        self._redis = redis
        self._postgres = postgres
        self._wire = wire
        strikes: Sequence[tuple[str, int, Callable[[], Awaitable[None]]]] = (
            ("worker killed", 4, self._kill_worker),
            ("worker replaced", 2, self._replace_worker),
            ("worker frozen", 1, self._freeze_worker),
            ("Redis killed", 2, self._kill_redis),
            ("Redis frozen", 1, self._freeze_redis),
            ("PostgreSQL restarted", 1, self._restart_postgres),
            ("PostgreSQL killed", 1, self._crash_postgres),
            ("connections cut", 3, self._cut),
            ("connections frozen", 3, self._freeze),
        )
        self._strikes = [strike for strike in strikes if not only or strike[0] in only]

    async def rage(self, over: Callable[[], bool], ended: Callable[[], int]) -> None:
        """Strike until it is over: first with everything there is once, then as the seed wants it. ``ended`` counts
        the streams that were ended by anybody but their clients.
        """
        first = list(self._strikes)
        self._chance.shuffle(first)
        while not over():
            name, _, strike = first.pop() if first else self._any()
            self.now, before = name, ended()
            await strike()
            self.struck[name] += 1
            self.ended[name] += ended() - before
            self.now = ""
            await asyncio.sleep(self._chance.uniform(*CALM_SECONDS))

    def _any(self) -> tuple[str, int, Callable[[], Awaitable[None]]]:
        return self._chance.choices(self._strikes, [weight for _, weight, _ in self._strikes])[0]

    async def _a_while(self, longest: float = 2.0) -> None:
        await asyncio.sleep(self._chance.uniform(0.1, longest))

    async def _kill_worker(self) -> None:
        await self._nursery.kill(self._chance.choice(self._nursery.pids))
        await self._a_while(1.0)
        await self._nursery.start()

    async def _replace_worker(self) -> None:
        """As a deploy does: a new one comes, the oldest is told to go."""
        await self._nursery.start()
        await self._nursery.end(signal.SIGTERM)

    async def _freeze_worker(self) -> None:
        pid = self._chance.choice(self._nursery.pids)
        os.kill(pid, signal.SIGSTOP)
        await self._a_while()
        os.kill(pid, signal.SIGCONT)

    async def _kill_redis(self) -> None:
        await asyncio.to_thread(self._redis.kill)
        await self._a_while()
        await asyncio.to_thread(self._redis.start)

    async def _freeze_redis(self) -> None:
        self._redis.freeze()
        await self._a_while()
        self._redis.thaw()

    async def _restart_postgres(self) -> None:
        await asyncio.to_thread(self._postgres.restart)

    async def _crash_postgres(self) -> None:
        await asyncio.to_thread(self._postgres.crash)

    async def _cut(self) -> None:
        for link in self._some():
            link.cut()

    async def _freeze(self) -> None:
        links = self._some()
        for link in links:
            link.freeze()
        await self._a_while(4.0)
        for link in links:
            link.thaw()

    def _some(self) -> list[Link]:
        links = list(self._wire.links)
        return self._chance.sample(links, int(len(links) * self._chance.choice((0.1, 0.5, 1.0))))
