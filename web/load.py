"""How much a worker takes on at once: what is more is sent away before anything is done for it, while the rest goes on
and whoever asks after its health is answered.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from web.refusals import Refusal


class Load(Collector):
    """Operations that are being answered. ``with load:`` counts one, for as long as it takes; raises Refusal. It tells
    both of its counts when somebody looks.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.running = 0
        self.shed = 0

    def __enter__(self) -> None:
        if self.running >= self._most:
            self.shed += 1
            raise Refusal("OVERLOADED", "Too many requests at once. Try again in a moment.")
        self.running += 1

    def __exit__(self, *_error: object) -> None:
        self.running -= 1

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("tidegate_operations_running", "Operations that are being answered.", self.running)
        yield CounterMetricFamily(
            "tidegate_operations_shed", "Operations that were sent away before they were read.", self.shed
        )
