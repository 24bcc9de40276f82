"""Thousands of clients that all come back in one moment, after the server was killed under them."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from tests.bench.load import percentile
from tests.bench.servers import Server
from tests.bench.streams_asker import Asker
from tests.bench.streams_crowd import Crowd, Stream
from tests.bench.streams_ticker import Ticks, ticking
from tests.bench.streams_works import PATIENCE, PRODUCT, Faults, Stage, faults_of, open_all, read_to_the_end

SETTLE_SECONDS = 2.0
"""How long events go on after the last client was up to date."""


@dataclass(frozen=True, slots=True)
class Return:
    """Seconds until half of the clients, and all, were up to date, counted from when they all began to connect to the
    new server; ``queries`` are the seconds of queries meanwhile."""

    clients: int
    events: int
    back: bool
    half: float
    all: float
    refused: int
    queries: int
    query_p50: float
    query_p99: float
    faults: Faults


class _Race:
    """Who is up to date, and when: a client that has what was newest for it when the race began."""

    def __init__(self, crowd: Crowd, made: Mapping[int, float]) -> None:
        self.seconds: list[float] = []
        self._began = time.perf_counter()
        newest = {
            wants: max((number for number in made if wants(number)), default=0)
            for wants in {stream.wants for stream in crowd.streams}
        }
        self._behind = [(stream, newest[stream.wants]) for stream in crowd.streams]

    def over(self) -> bool:
        now = time.perf_counter() - self._began
        behind = [(stream, newest) for stream, newest in self._behind if not _has(stream, newest)]
        self.seconds += [now] * (len(self._behind) - len(behind))
        self._behind = behind
        return not behind


def _has(stream: Stream, newest: int) -> bool:
    return stream.begun and (not newest or (len(stream.marks) > 0 and stream.marks[-1] >= newest))


def come_back(stage: Stage, streams: Sequence[Stream], ticks: Ticks, question: bytes) -> Return:
    """Kill the server under its streams while events go on, start another, and let all come back in one moment."""
    with ExitStack() as stack:
        first = stack.enter_context(stage.server(PRODUCT))
        crowd = stack.enter_context(closing(Crowd(first.port)))
        open_all(crowd, streams)
        ticker = stack.enter_context(ticking(stage.dsn, ticks))
        crowd.watch(ticker.file, ticker.read)
        crowd.run(lambda: len(ticker.made) > ticks.rate, PATIENCE)
        _kill(first, crowd)
        second = stack.enter_context(stage.server(PRODUCT))
        ticker.read()
        race, asker = _Race(crowd, ticker.made), Asker(crowd, question)
        crowd.come_back(second.port)
        back = crowd.run(race.over, PATIENCE, now_and_then=asker.ask)
        asker.stop()
        crowd.turn_for(SETTLE_SECONDS)
        ticker.stop()
        read_to_the_end(crowd, ticker)
        return Return(
            clients=len(streams),
            events=len(ticker.made),
            back=back,
            half=percentile(race.seconds, 0.5),
            all=max(race.seconds, default=0.0),
            refused=sum(crowd.refused.values()),
            queries=len(asker.seconds),
            query_p50=percentile(asker.seconds, 0.5),
            query_p99=percentile(asker.seconds, 0.99),
            faults=faults_of(crowd, ticker.made),
        )


def _kill(server: Server, crowd: Crowd) -> None:
    os.kill(server.pid, signal.SIGKILL)
    crowd.drop()
