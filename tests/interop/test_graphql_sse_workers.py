"""graphql-sse's client in single connection mode, against workers that are killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.interop.client import node
from tests.interop.test_graphql_sse_single import CREATED, Seen
from tests.support.database import Dsns
from tests.support.redis import RedisServer
from tests.support.shop import Shop
from tests.support.single import PATH
from tests.support.waiting import until_answered
from tests.support.workers import Fleet, fleet

NAMES = ("a", "b", "c")


@pytest.fixture
async def two(fresh_dsns: Dsns, redis: RedisServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Two workers."""
    async with fleet(fresh_dsns, redis, tmp_path) as fleet_of_two:
        yield fleet_of_two


async def create(two: Fleet, bearer: dict[str, str], notes: str) -> str:
    """A new order; a worker that is killed before it takes the connection is asked again."""
    made: list[str] = []

    async def tried() -> bool:
        async with httpx2.AsyncClient(base_url=two.url, timeout=20) as client:
            try:
                shop = await Shop.open(client, bearer)
            except httpx2.HTTPError:
                return False
            made.append(await shop.create(notes))
            return True

    await until_answered(tried)
    return made[0]


async def test_its_operations_go_on_when_the_worker_with_their_connection_is_killed(two: Fleet) -> None:
    await two.ready(2)
    token = await two.token()
    bearer = {"Authorization": f"Bearer {token}"}
    operations = {name: {"query": CREATED} for name in NAMES}
    async with node("graphql_sse_single.mjs", url=f"{two.url}{PATH}", token=token, operations=operations) as client:
        assert [await client.wait_for("posted") for _ in NAMES] == [202, 202, 202]
        seen = Seen(client)
        orders = [await create(two, bearer, notes) for notes in NAMES]  # each operation learns a cursor
        await seen.wait_for(a=3, b=3, c=3)
        for _ in range(2):
            owner = two.holders_of(client.process.pid)[0]
            await two.kill(owner)
            orders += [await create(two, bearer, "while it dies"), await create(two, bearer, "and after")]
            await seen.wait_for(a=len(orders), b=len(orders), c=len(orders))
            assert owner not in await two.ready(2)
    assert [seen.of(name) for name in NAMES] == [orders] * 3
