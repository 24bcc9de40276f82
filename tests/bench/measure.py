"""Interleaved rounds: every work at every server in turn, again and again, so that a noisy minute strikes all alike."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from tests.bench import load
from tests.bench.contenders import CONTENDERS
from tests.bench.serve import run_fast
from tests.bench.servers import Server
from tests.bench.tenants import Tenant
from tests.bench.works import CYCLE, WORKS, Requests

Say = Callable[[str], None]
EXPECTED = b'{"data":'
WARM_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """One server at one work for some seconds. ``processor`` is its seconds of processor a request."""

    rate: float
    processor: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians of a server at a work; ``low`` and ``high`` are the least and the greatest rate of any round."""

    rate: float
    processor: float
    p50: float
    p99: float
    low: float
    high: float

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Figure":
        def median(name: str) -> float:
            return float(statistics.median(getattr(run, name) for run in runs))

        rates = [run.rate for run in runs]
        return cls(median("rate"), median("processor"), median("p50"), median("p99"), min(rates), max(rates))

    def as_json(self) -> dict[str, float]:
        """Rounded: times in seconds, rates a second."""
        return {name: round(value, 7) for name, value in asdict(self).items()}


Figures = dict[str, dict[str, Figure]]
"""By work, then by server."""


def measure(servers: Mapping[str, Server], tenants: Sequence[Tenant], rounds: int, seconds: float, say: Say) -> Figures:
    """The figures of every work at every server."""
    requests = {(work.name, each.name): each.requests(work, tenants, CYCLE) for work in WORKS for each in CONTENDERS}
    for (_, name), prepared in requests.items():
        run_once(servers[name], prepared, WARM_SECONDS)
    runs: dict[tuple[str, str], list[Run]] = {key: [] for key in requests}
    for turn, (work, name) in _turns(rounds, list(requests)):
        run = run_once(servers[name], requests[work, name], seconds)
        runs[work, name].append(run)
        say(f"round {turn} of {rounds}: {name}, {work}: {run.rate:,.0f}/s")
    return {work.name: {each.name: Figure.of(runs[work.name, each.name]) for each in CONTENDERS} for work in WORKS}


def _turns(rounds: int, keys: list[tuple[str, str]]) -> Iterator[tuple[int, tuple[str, str]]]:
    for turn in range(1, rounds + 1):
        for key in keys:
            yield turn, key


def run_once(server: Server, requests: Requests, seconds: float) -> Run:
    """Sixteen connections for that long."""
    before = server.processor_seconds()
    sample = run_fast(load.run(server.port, load.endless(requests), seconds, EXPECTED))
    used = server.processor_seconds() - before
    return Run(sample.rate, used / sample.requests, sample.percentile(0.5), sample.percentile(0.99))
