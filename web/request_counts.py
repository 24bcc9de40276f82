"""Requests by route, counted with plain numbers: each passes here, and the client library's own counters lock and look
labels up, which costs a request more than its log line.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of the buckets, in seconds."""


class RequestCounts(Collector):
    """One an application, for its event loop alone."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """``route`` is a pattern of the route table, never a path that a client made up."""
        self._requests[route, method, status] += 1
        if route not in self._buckets:
            self._buckets[route] = [0] * (len(BOUNDS) + 1)
        self._buckets[route][bisect_left(BOUNDS, seconds)] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]  # a Counter counts whatever can be added

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("tidegate_requests", "HTTP requests.", labels=["route", "method", "status"])
        for (route, method, status), count in self._requests.items():
            requests.add_metric([route, method, str(status)], count)
        yield requests
        took = HistogramMetricFamily(
            "tidegate_request_seconds", "From a request's head to its answer's head.", labels=["route"]
        )
        bounds = [*map(str, BOUNDS), "+Inf"]
        for route, counts in self._buckets.items():
            took.add_metric([route], list(zip(bounds, accumulate(counts), strict=True)), self._seconds[route])
        yield took
