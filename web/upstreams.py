"""What this process asks of others, each behind a breaker: opened here, and told by the metrics."""

from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from auth.outside import Outside
from db.breaker import Breaker
from db.bus import open_bus
from db.upstreams import Upstreams


def open_upstreams(state: State, closing: AsyncExitStack) -> Outside:
    """Opens the bus too. Those that the settings name are told from the beginning."""
    settings, upstreams = state.settings, Upstreams()
    state.metrics.registry.register(UpstreamStates(upstreams))
    bus = state.bus = open_bus(state.database.directory, settings.redis_url, upstreams)
    closing.push_async_callback(bus.close)
    outside = Outside(upstreams)
    closing.push_async_callback(outside.close)
    for each in (*settings.oidc, *settings.issuers):
        outside.upstream(each.issuer)
    return outside


class UpstreamStates(Collector):
    """Reads the breakers when somebody looks."""

    def __init__(self, breakers: Iterable[Breaker]) -> None:
        self._breakers = breakers

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "tidegate_upstream_state",
            "What becomes of calls: 0 they are made, 1 the next one finds out, 2 they are refused at once.",
            labels=["upstream"],
        )
        calls = CounterMetricFamily(
            "tidegate_upstream_calls", "Calls of upstreams, by what became of them.", labels=["upstream", "outcome"]
        )
        for breaker in self._breakers:
            state.add_metric([breaker.name], breaker.state)
            for outcome, count in breaker.counts.items():
                calls.add_metric([breaker.name, outcome.value], count)
        yield state
        yield calls
