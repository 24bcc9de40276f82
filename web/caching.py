"""Kept answers at the front door: where they are kept, what an answer says of it, and what is counted.

``Cache-Status`` is that of RFC 9211, ``Age`` that of RFC 9111.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AsyncExitStack

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from db.answers import MemoryAnswers
from db.last_changes import LastChanges
from db.redis_answers import shared_answers
from schema.answers import Given
from schema.caching.cache import AnswerCache, AnswerStores
from schema.root import sdl
from web.health import installed_version
from web.refusals import Header
from web.settings import Settings

MEGABYTE = 1_000_000
OUTCOMES = ("hit", "stale", "miss", "joined", "unkept", "bypass", "refreshed")


async def open_stores(state: State, closing: AsyncExitStack) -> AnswerStores | None:
    """Where answers are kept; None where none are. To be opened after the hub."""
    settings: Settings = state.settings
    if settings.cache == "off":
        return None
    changes, cache, size = LastChanges(state.hub), state.rights.cache, settings.cache_mb * MEGABYTE
    closing.push_async_callback(changes.stop)
    shared = None
    if settings.cache == "shared":
        # Workers of another version, or on a database that was put back, have other answers.
        made_by = f"{installed_version()} {await state.database.directory.epoch()} {sdl()}"
        secret = state.keyring.keys("kept answers")[0]
        realm = hashlib.blake2b(made_by.encode(), digest_size=8, key=secret).hexdigest()
        shared = shared_answers(state.bus, realm, secret, size)
    if shared is not None:
        closing.push_async_callback(shared.stop)
    return AnswerStores(MemoryAnswers(size), shared, changes, cache.marks, lambda: cache.hears)


def watch_answers(state: State, closing: AsyncExitStack) -> None:
    """Count them, and finish what is being made before anything that it needs is closed."""
    answers: AnswerCache | None = state.gateway.answers
    if answers is not None:
        closing.push_async_callback(answers.stop)
        state.metrics.registry.register(Answers(answers))


def kept_fields(given: Given | None) -> tuple[Header, ...]:
    """What an answer says that may be kept."""
    if given is None:
        return ()
    if given.outcome in {"hit", "stale"}:
        return (b"age", b"%d" % given.age), (b"cache-status", b"tidegate; hit; ttl=%d" % given.left)
    if given.outcome == "joined":
        return ((b"cache-status", b"tidegate; fwd=miss; collapsed"),)
    return ((b"cache-status", b"tidegate; fwd=miss"),)


class Answers(Collector):
    """Tells what became of requests that ask for what may be kept, when somebody looks."""

    def __init__(self, answers: AnswerCache) -> None:
        self._answers = answers

    def collect(self) -> Iterator[Metric]:
        stores, counted = self._answers.stores, self._answers.counted
        family = CounterMetricFamily(
            "tidegate_kept_answers", "Operations whose answers may be kept.", labels=["outcome"]
        )
        for outcome in OUTCOMES:
            family.add_metric([outcome], counted[outcome])
        yield family
        memory = stores.memory
        yield GaugeMetricFamily("tidegate_kept_answers_in_memory", "Answers that are kept.", len(memory))
        yield GaugeMetricFamily("tidegate_kept_answers_bytes", "What they weigh.", memory.weight)
        unwritten = 0 if stores.shared is None else stores.shared.unwritten
        yield CounterMetricFamily("tidegate_kept_answers_unshared", "Answers that Redis was not given.", unwritten)
