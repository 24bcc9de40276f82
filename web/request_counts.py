"""Requests by route and answers by code, counted with plain numbers: each passes here, and the client library's own
counters lock and look labels up, which costs a request more than its log line.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of the buckets, in seconds."""


class _Took:
    """What the answers of one route took: how many ended in which bucket, and all of them together."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class RequestCounts(Collector):
    """One an application, for its event loop alone."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._routes: dict[str, _Took] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """``route`` is a pattern of the route table, never a path that a client made up."""
        asked = route, method, status
        self._requests[asked] = self._requests.get(asked, 0) + 1
        took = self._routes.get(route)
        if took is None:
            took = self._routes[route] = _Took()
        took.buckets[bisect_left(BOUNDS, seconds)] += 1
        took.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("tidegate_requests", "HTTP requests.", labels=["route", "method", "status"])
        for (route, method, status), count in self._requests.items():
            requests.add_metric([route, method, str(status)], count)
        yield requests
        took = HistogramMetricFamily(
            "tidegate_request_seconds", "From a request's head to its answer's head.", labels=["route"]
        )
        bounds = [*map(str, BOUNDS), "+Inf"]
        for route, each in self._routes.items():
            took.add_metric([route], list(zip(bounds, accumulate(each.buckets), strict=True)), each.seconds)
        yield took


class CodeCounts(Collector):
    """What happened, by code: the counter of that name. ``codes`` are shown before the first of them."""

    def __init__(self, name: str, text: str, codes: Iterable[str] = ()) -> None:
        self._name, self._text = name, text
        self._counts = dict.fromkeys(codes, 0)
        self._since = dict.fromkeys(codes, time.time())

    def count(self, code: str) -> None:
        if code in self._counts:
            self._counts[code] += 1
        else:
            self._counts[code], self._since[code] = 1, time.time()

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._text, labels=["code"])
        for code, count in self._counts.items():
            family.add_metric([code], count, created=self._since[code])
        yield family
