"""People for the tests of this floor."""

from collections.abc import AsyncIterator

import pytest

from tests.support.database import Dsns
from tests.support.people import People, open_people


@pytest.fixture
async def people(dsns: Dsns) -> AsyncIterator[People]:
    async with open_people(dsns) as people:
        yield people
