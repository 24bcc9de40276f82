"""The streams' benchmark delivers what it says that it delivers; nothing is timed."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.bench import streams_plan as plan
from tests.bench.servers import Cores
from tests.bench.streams_people import crowded_tenants
from tests.bench.streams_plan import Size
from tests.bench.streams_works import BARE, BARE_ASGI, Faults, Stage
from tests.support.database import Server, run_apart
from tests.support.world import open_world

SIZE = Size(subscribers=20, filters=10, idle=120, returning=20, alone=5, rate=50.0, seconds=0.4, idle_seconds=0.1)
EVENTS = 20
NOTHING_WRONG = Faults()


@pytest.fixture(scope="module")
def stage(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A seeded database of the module's own, no core of anybody's own."""

    async def seeded() -> Stage:
        dsns = await server.create("streams_bench")
        async with open_world(dsns, orders=300):
            tenants = await crowded_tenants(dsns)
        return Stage(dsns.runtime, tenants, Cores(-1, -1), pathlib.Path(tmp_path_factory.mktemp("logs")))

    yield run_apart(seeded())
    run_apart(server.drop("streams_bench"))


def test_every_program_delivers_each_event_to_each_equal_subscriber_once(stage: Stage) -> None:
    ours = plan.run_equal(stage, SIZE)
    others = [plan.run_bare(stage, SIZE, name, ours.frame) for name in (BARE, BARE_ASGI)]
    for found in (ours, *others):
        assert (found.faults, found.events, found.due) == (NOTHING_WRONG, EVENTS, EVENTS * SIZE.subscribers)
        assert found.frame == ours.frame


def test_filters_deliver_what_matches_them_and_nothing_else(stage: Stage) -> None:
    whole, narrow = plan.run_filtered(stage, SIZE), plan.run_narrow(stage, SIZE)
    assert (whole.faults, whole.due) == (NOTHING_WRONG, EVENTS * SIZE.subscribers)
    assert (narrow.faults, narrow.due) == (NOTHING_WRONG, EVENTS * SIZE.subscribers // 10)


def test_clients_that_all_come_back_after_a_kill_have_lost_nothing(stage: Stage) -> None:
    found = plan.run_return(stage, SIZE)
    assert found.back
    assert found.queries > 0
    assert found.events > EVENTS
    assert found.faults == NOTHING_WRONG


def test_idle_streams_are_all_open(stage: Stage) -> None:
    assert plan.run_idle(stage, SIZE).streams == SIZE.idle
