"""The workers of one machine tell each other what they counted: whichever is asked for the metrics tells of all.

Each listens on a socket in a folder that the process which started them made, and that is its user's alone. Whoever is
asked reads what the others have at that moment, and adds it up; one that does not answer in time is left out, and
``tidegate_workers_told`` says how many are in. What a worker counted is gone with it: Prometheus takes a counter that
falls for one that began anew.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from operator import add
from pathlib import Path
from secrets import token_hex

import orjson
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = 1.0
"""How long another worker may take."""
LEAST = frozenset({"tidegate_stream_limits_together", "tidegate_replica_serves", "process_start_time_seconds"})
"""Of these the least counts, and not the sum."""
MOST = frozenset({"tidegate_upstream_state", "tidegate_replica_lag_seconds"})
"""Of these the most."""
_Family = tuple[str, str, str, list[tuple[str, dict[str, str], float]]]


class Fleet:
    """``start`` and ``stop`` belong to the lifespan; ``told`` is what the metrics page shows."""

    def __init__(self, counted: Collector, folder: Path) -> None:
        self._counted = counted
        self._folder = folder
        self._own = folder / f"{os.getpid()}-{token_hex(4)}.sock"
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._tell, self._own)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        _forget(self._own)

    async def told(self) -> Collector:
        """What all workers counted together."""
        others = await asyncio.gather(*(self._ask(path) for path in self._folder.glob("*.sock") if path != self._own))
        return _Sum([_written(self._counted), *(each for each in others if each is not None)])

    async def _tell(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(orjson.dumps(_written(self._counted)))
        with suppress(OSError):
            await writer.drain()
        writer.close()

    async def _ask(self, path: Path) -> list[_Family] | None:
        try:
            async with asyncio.timeout(SECONDS):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    told: list[_Family] = orjson.loads(await reader.read())
                finally:
                    writer.close()
        except ConnectionRefusedError:  # it died; nobody else removes what it left
            _forget(path)
            return None
        except (OSError, orjson.JSONDecodeError):  # it goes, or takes too long (TimeoutError is an OSError)
            return None
        return told


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


class _Sum(Collector):
    def __init__(self, told: list[list[_Family]]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("tidegate_workers_told", "Workers whose counts these are.", len(self._told))
        families: dict[str, Metric] = {}
        sums: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
        for name, text, kind, samples in (family for worker in self._told for family in worker):
            families.setdefault(name, Metric(name, text, kind))
            _add(sums.setdefault(name, {}), samples, _together(name))
        for name, family in families.items():
            for (sample, labels), value in sums[name].items():
                family.add_sample(sample, dict(labels), value)
            yield family


def _add(
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], float],
    samples: Iterable[tuple[str, dict[str, str], float]],
    pick: Callable[[float, float], float],
) -> None:
    for sample, labels, value in samples:
        key = sample, tuple(labels.items())
        before = sums.get(key)
        sums[key] = value if before is None else pick(before, value)


def _together(name: str) -> Callable[[float, float], float]:
    """What becomes of two workers' values."""
    return min if name in LEAST else max if name in MOST else add


def _written(counted: Collector) -> list[_Family]:
    return [
        (each.name, each.documentation, each.type, [(s.name, dict(s.labels), float(s.value)) for s in each.samples])
        for each in counted.collect()
    ]
