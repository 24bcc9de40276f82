"""The works of the streams' benchmark, and what each one found. Nothing is asserted about time; a run that loses,
doubles or misplaces an event says so in its figures.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import astuple, dataclass
from itertools import pairwise
from pathlib import Path

from tests.bench.load import percentile
from tests.bench.servers import Cores, Server, running
from tests.bench.streams_crowd import MARK, Crowd, Stream
from tests.bench.streams_people import Crowded
from tests.bench.streams_ticker import NO_NUMBER, Ticker, Ticks, ticking

PATIENCE = 60.0
"""Seconds until what has not come counts as lost."""
GRACE = 0.3
"""Seconds in which an event may come that should not."""
PRODUCT, BARE, BARE_ASGI = "product", "bare_streams", "bare_asgi_streams"


class NeverOpened(Exception):
    """The server did not take all streams."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where works are run: the product's database and tenants, the cores, the folder of the servers' logs."""

    dsn: str
    tenants: Sequence[Crowded]
    cores: Cores
    logs: Path

    def server(self, name: str) -> AbstractContextManager[Server]:
        return running(name, self.dsn, self.cores.server, self.logs / f"{name}.log")


@dataclass(frozen=True, slots=True)
class Faults:
    """What should not be: events that never came, that came again, that came before an earlier one, or to a stream
    that they do not concern."""

    lost: int = 0
    doubled: int = 0
    misplaced: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of a run. Times in seconds from commit to client; ``processor`` is the server's seconds for 100,000
    deliveries, ``core`` the share of its core that it took."""

    subscribers: int
    events: int
    due: int
    faults: Faults
    p50: float
    p99: float
    worst: float
    processor: float
    core: float
    frame: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Silent streams: bytes of resident memory for each beyond the first few, the share of a core that pings take,
    and the seconds that opening all of them took."""

    streams: int
    memory: float
    core: float
    opened: float


def deliver(stage: Stage, server: Server, streams: Sequence[Stream], ticks: Ticks) -> Delivery:
    """Open the streams, make the events, read until all have come."""
    with closing(Crowd(server.port)) as crowd:
        open_all(crowd, streams)
        before = server.processor_seconds()
        with ticking(stage.dsn, ticks) as ticker:
            crowd.watch(ticker.file, ticker.read)
            read_to_the_end(crowd, ticker)
        used = server.processor_seconds() - before
        made = ticker.made
        lasted = max([*crowd.times, *made.values()]) - min(made.values())
        delays = [at - made[number] for number, at in zip(crowd.numbers, crowd.times, strict=True) if number in made]
        return Delivery(
            subscribers=len(streams),
            events=len(made),
            due=due_to(crowd, made),
            faults=faults_of(crowd, made),
            p50=percentile(delays, 0.5),
            p99=percentile(delays, 0.99),
            worst=max(delays, default=0.0),
            processor=used / max(1, len(delays)) * 100_000,
            core=used / lasted,
            frame=without_number(crowd.sample),
        )


def sit_idle(server: Server, few: Sequence[Stream], many: Sequence[Stream], seconds: float) -> Idle:
    """Open some streams, then many more, and do nothing for that long."""
    with closing(Crowd(server.port)) as crowd:
        open_all(crowd, few)
        crowd.turn_for(1)
        base, began = server.memory(), time.perf_counter()
        open_all(crowd, many)
        opened = time.perf_counter() - began
        crowd.turn_for(1)
        held = (server.memory() - base) / len(many)
        before, began = server.processor_seconds(), time.perf_counter()
        crowd.turn_for(seconds)
        used = (server.processor_seconds() - before) / (time.perf_counter() - began)
        return Idle(len(crowd.streams), held, used, opened)


def open_all(crowd: Crowd, streams: Sequence[Stream]) -> None:
    """Until each was told where it is. Raises NeverOpened."""
    wanted = len(crowd.streams) + len(streams)
    crowd.open(streams)
    if not crowd.run(lambda: crowd.live == wanted, PATIENCE):
        raise NeverOpened(f"{crowd.live} of {wanted} streams are open after {PATIENCE:g} s; refused: {crowd.refused}")


def read_to_the_end(crowd: Crowd, ticker: Ticker) -> None:
    """Until all is made, and all that is due has come or is too late."""
    crowd.run(lambda: ticker.ended, 24 * 3600)
    crowd.forget(ticker.file)
    due = due_to(crowd, ticker.made)
    crowd.run(lambda: len(crowd.numbers) >= due, PATIENCE)
    crowd.turn_for(GRACE)


def due_to(crowd: Crowd, made: Iterable[int]) -> int:
    """How many deliveries these events are."""
    return sum(len(wanted) for wanted in _wanted(crowd, made))


def faults_of(crowd: Crowd, made: Iterable[int]) -> Faults:
    """Every stream's events beside those that concern it."""
    found = [
        _faults(list(stream.marks), wanted) for stream, wanted in zip(crowd.streams, _wanted(crowd, made), strict=True)
    ]
    return Faults(*(sum(column) for column in zip(*map(astuple, found), strict=True)))


def _wanted(crowd: Crowd, made: Iterable[int]) -> list[list[int]]:
    """What each stream is to get: streams that want the same share the list."""
    numbers = sorted(made)
    lists = {wants: [number for number in numbers if wants(number)] for wants in {each.wants for each in crowd.streams}}
    return [lists[stream.wants] for stream in crowd.streams]


def _faults(came: list[int], wanted: list[int]) -> Faults:
    if came == wanted:
        return Faults()
    once = set(came)
    misplaced = sum(later < earlier for earlier, later in pairwise(came))
    return Faults(len(set(wanted) - once), len(came) - len(once), misplaced, len(once - set(wanted)))


def without_number(frame: bytes) -> str:
    """A frame as a program sends it that only writes bytes."""
    return MARK.sub(NO_NUMBER.encode(), frame).decode()
