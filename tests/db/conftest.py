"""Two tenants on one database, shared by the tests that only read them, a database of a test's own, a directory."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from db.directory import Directory
from tests.support.clock import HandClock
from tests.support.database import Dsns, Server
from tests.support.plant import Floor, open_floor


@pytest.fixture(scope="session")
async def floor(server: Server) -> AsyncIterator[Floor]:
    """Both tenants, for the tests of a worker that leave them as they are."""
    async with open_floor(await server.create(uuid4().hex)) as floor:
        yield floor


@pytest.fixture
async def fresh_floor(fresh_dsns: Dsns) -> AsyncIterator[Floor]:
    """Both tenants, for a test that writes."""
    async with open_floor(fresh_dsns) as floor:
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
