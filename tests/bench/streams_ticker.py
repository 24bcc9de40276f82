"""Whoever makes the events, at a steady rate: ``python -m tests.bench.streams_ticker``, a process of its own.

It commits to the database past the measured server, as another worker would, and tells of it as one does; or it gives
ready bytes to a program that only writes them. For every event it prints its number and when it was made
(``time.perf_counter``, which all processes of a machine share on Linux): after the commit, or as the bytes go out.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field

from db.audit_records import Actor
from db.clock import utc_now
from db.engine import Database
from db.events import EventDraft
from db.hub import Hub
from db.orders import lock_order, update_order
from db.tenancy import TenantId
from tests.bench.bare_streams import chunk
from tests.bench.serve import pin
from tests.bench.servers import ROOT

DIGITS = 9
"""Every number has as many, so that every frame has the same length."""
NO_NUMBER = f'"notes":"{"0" * DIGITS}"'
"""Where a ready frame has its number."""
Make = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Feeder:
    """A tenant to make events in: ids are hex digits."""

    tenant: str
    user: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ticks:
    """So many events from number ``first``, ``rate`` a second in all; ``uneven`` ones come at random. They go to the
    feeders in turn, or as ``frame`` (with ``NO_NUMBER``) to the program on ``port``."""

    first: int
    count: int
    rate: float
    uneven: bool = False
    feeders: tuple[Feeder, ...] = ()
    port: int = 0
    frame: str = ""
    core: int = -1

    def moments(self) -> Iterator[float]:
        """When each is due, in seconds from the first."""
        draw, at = random.Random(self.first), 0.0
        for _ in range(self.count):
            yield at
            at += (draw.uniform(0.5, 1.5) if self.uneven else 1.0) / self.rate


@dataclass(slots=True)
class Ticker:
    """The process at work. ``made`` is when each number was made; ``ended`` once it has made them all."""

    process: "subprocess.Popen[bytes]"
    made: dict[int, float] = field(default_factory=dict)
    ended: bool = False
    _rest: bytes = b""

    @property
    def file(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def stop(self) -> None:
        """Let it make no more."""
        self.process.terminate()

    def read(self) -> None:
        """What it said since; to be called when ``file`` can be read."""
        data = os.read(self.file, 65_536)
        self.ended = self.ended or not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            number, made = line.split()
            self.made[int(number)] = float(made)


@contextmanager
def ticking(dsn: str, ticks: Ticks) -> Iterator[Ticker]:
    """Makes events, from about a second later on; stopped at the end of the block."""
    command = [sys.executable, "-m", "tests.bench.streams_ticker", dsn, json.dumps(asdict(ticks))]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield Ticker(process)
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def _committing(dsn: str, ticks: Ticks) -> AsyncIterator[Make]:
    database = await Database.open(dsn, size=2, directory_size=2)
    hub = Hub(database)
    await hub.start()

    async def make(number: int) -> None:
        feeder = ticks.feeders[number % len(ticks.feeders)]
        order = feeder.orders[number // len(ticks.feeders) % len(feeder.orders)]
        async with database.writer(TenantId(feeder.tenant), Actor(feeder.user, None)) as writer:
            before = await lock_order(writer, order)
            assert before is not None
            after = await update_order(writer, before, {"notes": f"{number:0{DIGITS}}"}, utc_now())
            draft = EventDraft("order.updated", "order", order, after["version"], dict(before), dict(after))
            writer.record(draft)

    try:
        yield make
    finally:
        await asyncio.sleep(0.1)  # the last one is told of
        await hub.stop()
        await database.close()


@asynccontextmanager
async def _handing_over(ticks: Ticks) -> AsyncIterator[Make]:
    _, writer = await asyncio.open_connection("127.0.0.1", ticks.port)

    async def make(number: int) -> None:
        body = chunk(ticks.frame.replace(NO_NUMBER, f'"notes":"{number:0{DIGITS}}"').encode())
        writer.write(b"POST /tick HTTP/1.1\r\nhost: bench\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    try:
        yield make
    finally:
        await asyncio.sleep(0.1)
        writer.close()


async def _run(dsn: str, ticks: Ticks) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    opened = _handing_over(ticks) if ticks.port else _committing(dsn, ticks)
    async with opened as make:
        began = time.perf_counter()
        for number, due in enumerate(ticks.moments(), ticks.first):
            await asyncio.sleep(began + due - time.perf_counter())
            if stopped.is_set():
                return
            before = time.perf_counter()
            await make(number)
            sys.stdout.write(f"{number} {before if ticks.port else time.perf_counter()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    feeders = tuple(Feeder(each["tenant"], each["user"], tuple(each["orders"])) for each in given.pop("feeders"))
    wanted = Ticks(**given, feeders=feeders)
    pin(wanted.core)
    asyncio.run(_run(sys.argv[1], wanted))
