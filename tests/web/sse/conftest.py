"""Somebody who changes orders while streams watch."""

import pytest

from tests.support.server import Front
from tests.support.shop import Shop


@pytest.fixture
async def shop(front: Front) -> Shop:
    return await Shop.open(front.client, await front.bearer("manager"))
