"""A server for the tests of the front door."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.support.database import Server
from tests.support.server import Front, open_front


@pytest.fixture(scope="session")
async def front(server: Server) -> AsyncIterator[Front]:
    """The application, served on a seeded database; shared by the tests of a worker."""
    async with open_front(await server.create(uuid4().hex), metrics_token="a token for metrics", ping_seconds=0.3) as front:
        yield front
