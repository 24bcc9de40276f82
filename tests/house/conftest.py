"""What the rules share."""

from collections.abc import Iterator

import pytest

from tests.house import source


@pytest.fixture(scope="package", autouse=True)
def trees() -> Iterator[None]:
    """The trees of all files are a million objects: kept, each of the worker's later collections looks through them."""
    yield
    source.walk.cache_clear()
    source.parse.cache_clear()
