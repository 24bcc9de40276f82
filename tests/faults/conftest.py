"""Servers to kill, on a seeded database of the test's own; and one to annoy."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from auth.keyring import Keyring
from auth.operators import issue_token
from auth.permissions import SYSTEM_ROLES
from db.engine import Database
from db.seed import seed
from tests.faults.books import Books
from tests.faults.nursery import SECRET, Nursery, open_nursery
from tests.faults.target import Target, open_target
from tests.support.database import Dsns, Server
from tests.support.redis import RedisServer, redis_server
from tests.support.workers import Fleet, fleet

MOST_STREAMS = 6
"""Of a user, at the two workers."""


@pytest.fixture(scope="session")
def mortal_redis() -> Iterator[RedisServer]:
    """The Redis of the two workers; whoever kills it starts it again."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
async def two(
    server: Server, mortal_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fleet]:
    """Two worker processes; whoever kills one waits for the next."""
    dsns = await server.create(uuid4().hex)
    folder = tmp_path_factory.mktemp("fleet")
    async with fleet(dsns, mortal_redis, folder, TIDEGATE_STREAMS_PER_USER=str(MOST_STREAMS)) as fleet_of_two:
        yield fleet_of_two


@pytest.fixture
async def nursery(fresh_dsns: Dsns) -> AsyncIterator[Nursery]:
    """With one server, on 60 orders."""
    roles = {name: list(grants) for name, grants in SYSTEM_ROLES.items()}
    await seed(fresh_dsns.owner, orders=60, tenants=1, roles=roles)
    async with open_nursery(fresh_dsns) as nursery:
        await nursery.start()
        yield nursery


@pytest.fixture
async def bearer(nursery: Nursery, fresh_dsns: Dsns) -> dict[str, str]:
    """A manager's token, good on every server of the nursery."""
    database = await Database.open(fresh_dsns.runtime, size=1, directory_size=1)
    try:
        token = await issue_token(database.directory, Keyring([SECRET]), "manager@acme.example", "acme", 5)
    finally:
        await database.close()
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def books(nursery: Nursery, fresh_dsns: Dsns) -> AsyncIterator[Books]:
    books = await Books.open(fresh_dsns)
    yield books
    await books.close()


@pytest.fixture(scope="session")
async def target(server: Server) -> AsyncIterator[Target]:
    """A server that no request may harm; shared by the tests of a worker."""
    async with open_target(await server.create(uuid4().hex)) as target:
        yield target
