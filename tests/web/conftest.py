"""A server, and a way to sign in, for the tests of the front door."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.support.database import Dsns, Server
from tests.support.door import Door, open_door
from tests.support.server import Front, open_front


@pytest.fixture(scope="session")
async def front(server: Server) -> AsyncIterator[Front]:
    """The application, served on a seeded database; shared by the tests of a worker."""
    async with open_front(
        await server.create(uuid4().hex), metrics_token="a token for metrics", ping_seconds=0.3
    ) as front:
        yield front


@pytest.fixture
async def door(dsns: Dsns) -> AsyncIterator[Door]:
    """The sign-in routes alone, with people of the test's own."""
    async with open_door(dsns) as door:
        yield door


@pytest.fixture
async def email(door: Door) -> str:
    """Somebody who can sign in."""
    return await door.people.user(await door.people.tenant())
