"""Servers to kill, on a seeded database of the test's own; and one to annoy."""

from collections.abc import AsyncIterator
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
