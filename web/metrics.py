"""What is counted, and `/metrics` for those who may see it: a machine's own processes, or the holder of the token."""

import hmac
import ipaddress
from collections import Counter as Counts
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import accumulate
from typing import Protocol

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Receive, Scope, Send

from schema.live.tally import LAG_SECONDS, Tally
from web.fleet import Fleet
from web.request_counts import CodeCounts, RequestCounts
from web.responses import NO_STORE, error_body, send_bytes, send_json
from web.sse.entrance import Full

_FORWARDED = {b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"}


class _Following(Protocol):
    @property
    def followers(self) -> int: ...


class _Groups(Protocol):
    @property
    def groups(self) -> Collection[object]: ...


class _Entrance(Protocol):
    @property
    def together(self) -> bool: ...
    @property
    def refused(self) -> Mapping[Full, int]: ...


class _Trail(Protocol):
    @property
    def waiting(self) -> int: ...

    written: int
    unwritten: int


class _Audit(Collector):
    """Reads the audit writer's own counts when somebody looks."""

    def __init__(self) -> None:
        self.trail: _Trail | None = None

    def collect(self) -> Iterator[Metric]:
        waiting, written, unwritten = (
            (0, 0, 0) if self.trail is None else (self.trail.waiting, self.trail.written, self.trail.unwritten)
        )
        yield GaugeMetricFamily("tidegate_audit_waiting", "Audit records to be written.", waiting)
        records = CounterMetricFamily(
            "tidegate_audit_records", "Audit records apart from changes, by where they are.", labels=["where"]
        )
        records.add_metric(["trail"], written)
        records.add_metric(["log"], unwritten)
        yield records


class _Engine(Collector):
    """Reads the engine's own count when somebody looks."""

    def __init__(self) -> None:
        self.ran: Mapping[str, int] = Counts()

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "tidegate_engine_operations",
            "Operations by what ran them: engine, or why the reference did.",
            labels=["outcome"],
        )
        for outcome, count in sorted(self.ran.items()):
            family.add_metric([outcome], count)
        yield family


class _Live(Collector):
    """Reads what the subscriptions did when somebody looks."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.groups: Callable[[], int] = lambda: 0
        self.entrance: _Entrance | None = None

    def collect(self) -> Iterator[Metric]:
        tally = self.tally
        yield GaugeMetricFamily(
            "tidegate_stream_groups", "Groups of equal subscriptions, each executed once.", self.groups()
        )
        yield GaugeMetricFamily(
            "tidegate_stream_tail_bytes", "Bytes of newest frames that are kept for all who follow.", tally.kept
        )
        yield CounterMetricFamily(
            "tidegate_stream_events_delivered", "Frames taken for clients, one for each.", tally.delivered
        )
        yield CounterMetricFamily(
            "tidegate_stream_events_skipped", "Frames left out for slow clients (COALESCE).", tally.skipped
        )
        ended = CounterMetricFamily("tidegate_streams_ended", "Subscriptions that ended, by reason.", labels=["reason"])
        for reason, count in tally.ended.items():
            ended.add_metric([reason.value], count)
        yield ended
        bounds = [*map(str, LAG_SECONDS), "+Inf"]
        buckets = list(zip(bounds, accumulate(tally.lag_buckets), strict=True))
        yield HistogramMetricFamily(
            "tidegate_stream_lag_seconds",
            "From an event's commit to its frame's way to the first of its clients.",
            buckets,
            tally.lag_sum,
        )
        if self.entrance is not None:
            yield from _told_by(self.entrance)


def _told_by(entrance: _Entrance) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "tidegate_stream_limits_together",
        "1 while the limits of users and tenants hold for all workers together, 0 while each fills its share.",
        int(entrance.together),
    )
    refused = CounterMetricFamily("tidegate_streams_refused", "Streams that were not let in.", labels=["reason"])
    for reason, count in entrance.refused.items():
        refused.add_metric([reason.value], count)
    yield refused


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.streams_open = Gauge(
            "tidegate_streams_open", "Event streams whose answer has begun.", registry=self.registry
        )
        self._followers = Gauge("tidegate_log_followers", "Streams that follow a log.", registry=self.registry)
        self._answers = CodeCounts("tidegate_graphql_answers", "GraphQL answers by code; OK is one that ran.", ["OK"])
        self._errors = CodeCounts(
            "tidegate_graphql_errors", "Answers of what ran, by code of each kind of error in them."
        )
        requests = RequestCounts()
        self.registry.register(self._answers)
        self.registry.register(self._errors)
        self.registry.register(requests)
        self.count_request = requests.count
        self._engine, self._live, self._audit = _Engine(), _Live(), _Audit()
        self.registry.register(self._audit)
        self.registry.register(self._engine)
        self.registry.register(self._live)
        ProcessCollector(registry=self.registry)

    def watch(
        self,
        hub: _Following,
        ran: Mapping[str, int] | None,
        tally: Tally | None = None,
        groups: _Groups | None = None,
        entrance: _Entrance | None = None,
    ) -> None:
        """Ask these whenever somebody looks: the hub for its followers, the engine's and the subscriptions' tallies,
        the groups that there are, the entrance for whom it sent away.
        """
        self._live.entrance = entrance
        self._followers.set_function(lambda: hub.followers)
        if tally is not None and groups is not None:
            self._live.tally, self._live.groups = tally, lambda: len(groups.groups)
        if ran is not None:
            self._engine.ran = ran

    def watch_audit(self, trail: _Trail) -> None:
        """Ask the audit writer too."""
        self._audit.trail = trail

    def count_answer(self, code: str | None, codes: Collection[str] = ()) -> None:
        """``codes``: of the errors of what ran."""
        self._answers.count("OK" if code is None else code)
        for each in codes:
            self._errors.count(each)


async def serve_metrics(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /metrics`, in Prometheus' text format."""
    state = scope["app"].state
    if not _may_see(scope, state.settings.metrics_token):
        body = error_body("FORBIDDEN", "Metrics are for this machine, or need the token.", scope["state"]["request_id"])
        await send_json(send, 403, body)
        return
    metrics: Metrics = state.metrics
    fleet: Fleet | None = getattr(state, "fleet", None)
    told = metrics.registry if fleet is None else await fleet.told()
    await send_bytes(send, 200, CONTENT_TYPE_LATEST.encode(), generate_latest(told), (NO_STORE,))


def _may_see(scope: Scope, token: str | None) -> bool:
    """A proxy on this machine is not this machine: what was forwarded needs the token."""
    fields = dict(scope["headers"])
    scheme, _, given = fields.get(b"authorization", b"").partition(b" ")
    if token is not None and scheme.lower() == b"bearer":
        return hmac.compare_digest(given.strip(), token.encode())
    return _is_loopback(scope.get("client")) and not _FORWARDED & fields.keys()


def _is_loopback(client: tuple[str, int] | None) -> bool:
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
