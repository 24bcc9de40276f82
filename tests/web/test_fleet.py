"""Several workers, one page of metrics: whichever is asked tells of all."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tests.support.server import Front, serving, settings_for
from web.fleet import Fleet


class Worker:
    """What one worker counts."""

    def __init__(self, folder: Path) -> None:
        self.registry = CollectorRegistry()
        self.fleet = Fleet(self.registry, folder)
        self.answers = Counter("answers", "…", ["code"], registry=self.registry)
        self.took = Histogram("took", "…", buckets=(1, 2), registry=self.registry)
        self.together = Gauge("tidegate_stream_limits_together", "…", registry=self.registry)

    async def told(self) -> dict[str, float]:
        families = (await self.fleet.told()).collect()
        samples = [each for family in families for each in family.samples if not each.name.endswith("_created")]
        return {f"{each.name}{''.join(each.labels.values())}": each.value for each in samples}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[tuple[Worker, Worker]]:
    workers = Worker(folder), Worker(folder)
    for worker in workers:
        await worker.fleet.start()
    try:
        yield workers
    finally:
        for worker in workers:
            await worker.fleet.stop()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sockets have short paths."""
    return tmp_path_factory.mktemp("f")


async def test_each_tells_the_sum_of_all(folder: Path) -> None:
    async with two(folder) as (one, other):
        one.answers.labels("OK").inc(3)
        other.answers.labels("OK").inc(4)
        other.answers.labels("FORBIDDEN").inc()
        one.took.observe(0.5)
        other.took.observe(1.5)
        one.together.set(1)
        told = await one.told()
        assert told == await other.told()
    assert (told["answers_totalOK"], told["answers_totalFORBIDDEN"]) == (7, 1)
    assert [told[f"took_bucket{bound}"] for bound in ("1.0", "2.0", "+Inf")] == [1, 2, 2]
    assert (told["took_count"], told["took_sum"]) == (2, 2.0)
    assert told["tidegate_stream_limits_together"] == 0  # the least
    assert told["tidegate_workers_told"] == 2
    assert names(folder) == []


async def test_who_died_or_says_nothing_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.fleet.SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as dead, socket.socket(socket.AF_UNIX) as mute:
        dead.bind(str(folder / "1-dead.sock"))
        mute.bind(str(folder / "2-mute.sock"))
        mute.listen()
        async with two(folder) as (one, other):
            other.answers.labels("OK").inc()
            async with asyncio.timeout(60):
                told = await one.told()
    assert (told["answers_totalOK"], told["tidegate_workers_told"]) == (1, 2)
    assert names(folder) == ["2-mute.sock"]


async def test_the_metrics_page_of_one_worker_tells_what_the_other_answered(front: Front, folder: Path) -> None:
    assert front.dsns is not None
    settings = settings_for(front.dsns)
    async with serving(settings, folder) as one, serving(settings, folder) as other:
        for worker in (one, other, other):
            await worker.post("{ __typename }")
        lines = (await one.client.get("/metrics")).text.splitlines()
    assert 'tidegate_graphql_answers_total{code="OK"} 3.0' in lines
    assert "tidegate_workers_told 2.0" in lines
    assert 'tidegate_request_seconds_count{route="/graphql"} 3.0' in lines
    assert names(folder) == []
