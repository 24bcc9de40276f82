"""Fixtures that any test may ask for."""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from auth.permissions import ELEVATABLE, SYSTEM_ROLES
from db.seed import seed
from tests.support.database import Dsns, RunFolder, Server, run_apart
from tests.support.redis import RedisServer, redis_server
from tests.support.world import World, open_house, open_world

LONGEST = (
    *("faults/test_storm.py", "schema/engine/test_equality.py", "docs/test_walks.py", "web/cli/test_demo.py"),
    *("faults/test_kill.py", "bench/test_streams.py", "faults/test_workers.py", "house/test_rules.py"),
    *("db/test_listings_cost.py", "docs/test_operations.py", "db/test_tenancy_twins.py", "db/test_embedded.py"),
)
"""The files that take longest, longest first: begun last, one of them would leave the other workers idle at the end."""
_FOLDER = pytest.StashKey[RunFolder]()


class _Node(Protocol):
    """A worker as pytest-xdist's controller sees it."""

    config: pytest.Config
    workerinput: dict[str, str]


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", None)
    config.stash[_FOLDER] = RunFolder(Path(given["run_folder"])) if given else RunFolder.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Node) -> None:
    node.workerinput["run_folder"] = str(node.config.stash[_FOLDER].path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    places = {root / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection() -> None:
    """Hardly anything that collecting makes goes again: a third of its time would be spent on looking for that."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded by now stays: it need not be looked through again and again, as in a server (``web/app.py``)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _FOLDER in config.stash:
        config.stash[_FOLDER].end()


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The PostgreSQL of this run."""
    server = Server(pytestconfig.stash[_FOLDER].path)
    yield server
    server.leave()


@pytest.fixture(scope="session")
def dsns(server: Server, worker_id: str) -> Dsns:
    """This worker's database, migrated and empty of rows."""
    return run_apart(server.create(worker_id))


@pytest.fixture
async def empty_dsns(server: Server) -> AsyncIterator[Dsns]:
    """A database of the test's own, not migrated; dropped when the test ends."""
    name = uuid4().hex
    yield await server.create(name, migrated=False)
    await server.drop(name)


@pytest.fixture
async def fresh_dsns(server: Server) -> AsyncIterator[Dsns]:
    """A database of the test's own, migrated and empty of rows; dropped when the test ends."""
    name = uuid4().hex
    yield await server.create(name)
    await server.drop(name)


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A Redis shared by a worker's tests: keys are the tests' own, and nobody stops it."""
    with redis_server() as server:
        yield server


@pytest.fixture
def redis_apart() -> Iterator[RedisServer]:
    """A Redis of the test's own, to be killed and started again."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
async def world(server: Server) -> AsyncIterator[World]:
    """A house on a seeded database, shared by a worker's tests: they may add rows, none may count on being alone."""
    async with open_world(await server.create(uuid4().hex)) as world:
        yield world


async def _seed_little(dsns: Dsns) -> None:
    await seed(dsns.owner, orders=60, tenants=3, roles=SYSTEM_ROLES, elevatable=ELEVATABLE)


@pytest.fixture
async def seeded_dsns(server: Server) -> AsyncIterator[Dsns]:
    """A database of the test's own with three tenants and 60 orders; dropped when the test ends."""
    dsns = await server.copy("seeded", _seed_little)
    yield dsns
    await server.drop_copy(dsns)


@pytest.fixture
async def fresh_world(seeded_dsns: Dsns) -> AsyncIterator[World]:
    """A house of the test's own."""
    async with open_house(seeded_dsns) as world:
        yield world
