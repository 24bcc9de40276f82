"""A server for real clients, somebody who changes orders on it, and a wire that can be cut."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.support.database import Server
from tests.support.server import Front, open_front
from tests.support.shop import Shop
from tests.support.wire import Wire, stretched


@pytest.fixture(scope="session")
async def front(server: Server) -> AsyncIterator[Front]:
    """The application, served on a seeded database; shared by the tests of a worker."""
    async with open_front(await server.create(uuid4().hex)) as front:
        yield front


@pytest.fixture
async def shop(front: Front) -> Shop:
    return await Shop.open(front.client, await front.bearer("manager"))


@pytest.fixture
async def wire(front: Front) -> AsyncIterator[Wire]:
    async with stretched(front.port) as wire:
        yield wire
