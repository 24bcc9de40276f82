"""One seeded database for the tests that only read it."""

from collections.abc import Iterator

import pytest

from tests.support.database import Dsns, Server, run_apart
from tests.support.seeding import make_small_seed


@pytest.fixture(scope="session")
def seeded(server: Server, worker_id: str) -> Iterator[Dsns]:
    """A database with three seeded tenants."""
    name = f"seeded_{worker_id}"
    dsns = run_apart(server.create(name))
    run_apart(make_small_seed(dsns))
    yield dsns
    run_apart(server.drop(name))
