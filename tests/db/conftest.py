"""Two tenants that nobody changes, a tenant of a test's own beside them, and a database of a test's own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from db.directory import Directory
from db.ids import new_id
from db.tenancy import TenantId
from tests.support.bulk import open_bench
from tests.support.clock import HandClock
from tests.support.database import Dsns, Server
from tests.support.explaining import Bench
from tests.support.plant import MINE, THEIRS, Floor, open_floor


@pytest.fixture(scope="session")
async def floor(server: Server) -> AsyncIterator[Floor]:
    """Both tenants, for the tests of a worker that leave them as they are."""
    async with open_floor(await server.create(uuid4().hex), MINE, THEIRS) as floor:
        yield floor


@pytest.fixture
async def fresh_floor(floor: Floor) -> AsyncIterator[Floor]:
    """A new tenant on the same database, with doors of its own, for a test that writes."""
    async with open_floor(floor.dsns, TenantId(new_id())) as fresh:
        yield fresh


@pytest.fixture
async def floor_apart(fresh_dsns: Dsns) -> AsyncIterator[Floor]:
    """A database of the test's own, for one that shakes it."""
    async with open_floor(fresh_dsns, MINE) as floor:
        yield floor


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def directory(dsns: Dsns, clock: HandClock) -> AsyncIterator[Directory]:
    directory = await Directory.open(dsns.runtime, 2, clock)
    yield directory
    await directory.close()


@pytest.fixture
async def superuser(dsns: Dsns) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsns.superuser)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def bench(server: Server) -> AsyncIterator[Bench]:
    """A tenant of 100,000 orders, for tests that change nothing."""
    name = uuid4().hex
    async with open_bench(await server.create(name)) as bench:
        yield bench
    await server.drop(name)
