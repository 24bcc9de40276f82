"""The replica at the front door: opened from the settings, told in the metrics, and the header field by which a client
says how far it has seen (``Tidegate-Position``, of a mutation's answer or an event's id).
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from db.replica import Replica
from web.body import Fields
from web.refusals import Header
from web.settings import Settings

FIELD = b"tidegate-position"


async def open_replica(state: State) -> None:
    """Where the settings name one. The database closes it."""
    settings: Settings = state.settings
    replica = None
    if settings.database_replica_url is not None and settings.database_url is not None:
        replica = await state.database.open_replica(
            settings.database_replica_url,
            settings.database_url,
            lag_seconds=settings.replica_lag_seconds,
            wait_seconds=settings.replica_wait_seconds,
        )
        if settings.redis_url is not None:
            await replica.writes.share(state.bus)
    state.metrics.registry.register(ReplicaGauges(replica))


def position_in(fields: Fields) -> str | None:
    """What a request says; whether it makes sense is judged where it is of use."""
    said = fields.get(FIELD)
    return said.decode("latin-1") if said else None


def position_fields(position: str | None) -> tuple[Header, ...]:
    """What a mutation's answer says of the log."""
    return () if position is None else ((FIELD, position.encode()),)


class ReplicaGauges(Collector):
    """Reads what the replica knows of itself when somebody looks; names without values where there is none."""

    def __init__(self, replica: Replica | None) -> None:
        self._replica = replica

    def collect(self) -> Iterator[Metric]:
        serves = GaugeMetricFamily("tidegate_replica_serves", "1 while queries are read at the replica.")
        lag = GaugeMetricFamily("tidegate_replica_lag_seconds", "By so much at most is the replica behind.")
        reads = CounterMetricFamily("tidegate_reads", "Statements of queries by where they ran.", labels=["server"])
        passed_on = CounterMetricFamily(
            "tidegate_replica_passed_on", "Queries that went on at the primary, by why.", labels=["reason"]
        )
        replica = self._replica
        if replica is not None:
            serves.add_metric([], int(replica.serves))
            lag.add_metric([], replica.lag)
            for server, count in replica.reads.items():
                reads.add_metric([server], count)
            for reason, count in replica.passed_on.items():
                passed_on.add_metric([reason], count)
        yield from (serves, lag, reads, passed_on)
