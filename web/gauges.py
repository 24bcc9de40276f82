"""What stands in the process and is read when somebody looks: connections, kept documents, uses of registered ones."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from db.durations import PLACES, longest_of
from db.tasks import RUNS

_STEP = 8
"""Places of the registry's counts that are one bucket here: each reaches four times as far as the one before it."""


class _Pool(Protocol):
    size: int

    @property
    def in_use(self) -> int: ...
    @property
    def waiting(self) -> int: ...


class _Documents(Protocol):
    weight: int
    prepared: int

    def __len__(self) -> int: ...


class _Total(Protocol):
    count: int
    durations: list[int]
    spent: float


class _Uses(Protocol):
    totals: Mapping[str, _Total]


class Gauges(Collector):
    """Made when all of it is open."""

    def __init__(self, pool: _Pool, documents: _Documents, uses: _Uses) -> None:
        self._pool = pool
        self._documents = documents
        self._uses = uses

    def collect(self) -> Iterator[Metric]:
        pool, documents = self._pool, self._documents
        yield GaugeMetricFamily("tidegate_pool_size", "Most connections that carry a tenant.", pool.size)
        yield GaugeMetricFamily("tidegate_pool_in_use", "Connections that are lent out.", pool.in_use)
        yield GaugeMetricFamily("tidegate_pool_waiting", "Who waits for a connection.", pool.waiting)
        yield GaugeMetricFamily("tidegate_documents_kept", "Documents with their plans in memory.", len(documents))
        yield GaugeMetricFamily("tidegate_documents_kept_bytes", "What they weigh, estimated.", documents.weight)
        yield CounterMetricFamily(
            "tidegate_documents_prepared", "Documents that were parsed and validated: not kept.", documents.prepared
        )
        jobs = CounterMetricFamily("tidegate_jobs", "Work in the background.", labels=["task", "outcome"])
        for labels, count in RUNS.items():
            jobs.add_metric(labels, count)
        yield jobs
        yield from self._of_registered()

    def _of_registered(self) -> Iterator[Metric]:
        uses = CounterMetricFamily(
            "tidegate_document_uses", "Uses of registered documents, streams counted.", labels=["document"]
        )
        seconds = HistogramMetricFamily(
            "tidegate_document_seconds", "How long registered documents took, streams aside.", labels=["document"]
        )
        for id, total in self._uses.totals.items():
            uses.add_metric([id], total.count)
            seconds.add_metric([id], _buckets(total.durations), total.spent)
        yield uses
        yield seconds


def _buckets(durations: list[int]) -> list[tuple[str, float]]:
    reached = list(accumulate(durations))
    bounds = [(f"{longest_of(place):g}", float(reached[place])) for place in range(0, PLACES, _STEP)]
    return [*bounds, ("+Inf", float(reached[-1]))]
