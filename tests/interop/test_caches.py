"""The clients that dashboards are built with: each receives, is cut off, and resumes with nothing lost or doubled; and
what a stream tells of an order is what their caches then show of it.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.interop.client import Client, node
from tests.interop.test_graphql_sse import wait_for_streams
from tests.support.server import Front
from tests.support.shop import Shop
from tests.support.wire import Wire

WATCH = """subscription Watch($after: String) {
  orderEvents(after: $after) { type id cursor order { id status version } }
}"""
ONE = "query One($id: ID!) { order(id: $id) { id status version } }"
CACHES = ("urql_graphcache.mjs", "apollo.mjs", "relay.mjs")
CLIENTS = ("urql.mjs", "apollo_multipart.mjs", *CACHES)


async def watching(
    front: Front, port: int, script: str, order: str | None = None
) -> AbstractAsyncContextManager[Client]:
    base = f"http://127.0.0.1:{port}/graphql"
    token = await front.token("viewer")
    return node(script, url=base, stream=f"{base}/stream", token=token, watch=WATCH, one=ONE, order=order)


def told(results: list[Any]) -> list[tuple[str, str]]:  # Any: JSON
    """What each result is about: an event came once."""
    events = [result["data"]["orderEvents"] for result in results]
    assert len({event["cursor"] for event in events}) == len(events)
    return [(event["type"], event["id"]) for event in events]


@pytest.mark.parametrize("script", CLIENTS)
async def test_exactly_what_was_missed_arrives_after_the_connection_was_cut(
    front: Front, shop: Shop, wire: Wire, script: str
) -> None:
    async with await watching(front, wire.port, script) as client:
        await wait_for_streams(front, 1)
        orders = await shop.create_all("one", "two", "three")
        results = await client.results(3)
        for _ in range(3):
            wire.cut()
            await wait_for_streams(front, 0)
            orders += await shop.create_all("missed", "missed too")
            wire.mend()
            orders.append(await shop.create("while it comes back"))
            results += await client.results(3)
    assert told(results) == [("order.created", order) for order in orders]


@pytest.mark.parametrize("script", CLIENTS)
async def test_disposing_it_frees_everything(front: Front, script: str) -> None:
    async with await watching(front, front.port, script) as client:
        await wait_for_streams(front, 1)
        await client.tell("dispose")
        await wait_for_streams(front, 0)
        assert front.app.state.hub.followers == 0


@pytest.mark.parametrize("script", CACHES)
async def test_its_cache_shows_what_the_stream_told(front: Front, shop: Shop, wire: Wire, script: str) -> None:
    order = await shop.create("one that is looked at")
    async with await watching(front, wire.port, script, order) as client:
        assert (await client.wait_for("cached")).items() >= _shown(order, "PENDING", 1).items()
        await wait_for_streams(front, 1)
        await shop.move(order, "CONFIRMED")
        assert (await client.wait_for("cached")).items() >= _shown(order, "CONFIRMED", 2).items()
        wire.cut()
        await wait_for_streams(front, 0)
        await shop.move(order, "PROCESSING")
        wire.mend()
        assert (await client.wait_for("cached")).items() >= _shown(order, "PROCESSING", 3).items()


def _shown(order: str, status: str, version: int) -> dict[str, object]:
    return {"id": order, "status": status, "version": version}
