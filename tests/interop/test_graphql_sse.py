"""The client of the npm package graphql-sse, in distinct connections mode."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.interop.client import Client, node
from tests.support.server import Front, serving
from tests.support.shop import Shop
from tests.support.waiting import until_answered
from tests.support.wire import Wire

WATCH = "subscription ($after: String) { orderEvents(after: $after) { type id patch cursor } }"


async def watching(front: Front, port: int, query: str = WATCH) -> AbstractAsyncContextManager[Client]:
    url = f"http://127.0.0.1:{port}/graphql/stream"
    return node("graphql_sse.mjs", url=url, token=await front.token("viewer"), query=query)


def told(results: list[Any]) -> list[tuple[str, str]]:  # Any: JSON
    """What each result is about, and that it carries the cursor to resume after it."""
    events = [result["data"]["orderEvents"] for result in results]
    assert [result["extensions"]["cursor"] for result in results] == [event["cursor"] for event in events]
    return [(event["type"], event["id"]) for event in events]


async def wait_for_streams(front: Front, count: int) -> None:
    """Until /metrics says that so many streams are open."""

    async def shown() -> bool:
        return f"tidegate_streams_open {count:.1f}\n" in (await front.client.get("/metrics")).text

    await until_answered(shown)


async def test_changes_arrive_in_order(front: Front, shop: Shop) -> None:
    async with await watching(front, front.port) as client:
        await client.wait_for("connected")
        await wait_for_streams(front, 1)
        order = await shop.create("a first order")
        await shop.move(order, "CONFIRMED")
        await shop.move(order, "PROCESSING")
        results = await client.results(3)
    assert told(results) == [("order.created", order), ("order.status_changed", order), ("order.status_changed", order)]
    assert [result["data"]["orderEvents"]["patch"]["status"] for result in results] == [
        "PENDING",
        "CONFIRMED",
        "PROCESSING",
    ]


async def test_exactly_what_was_missed_arrives_after_the_connection_was_cut(
    front: Front, shop: Shop, wire: Wire
) -> None:
    async with await watching(front, wire.port) as client:
        await client.wait_for("connected")
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


async def test_exactly_what_was_missed_arrives_after_a_restart(front: Front, shop: Shop, wire: Wire) -> None:
    settings = front.app.state.settings
    async with await watching(front, wire.port) as client:
        async with serving(settings) as first:
            wire.mend(first.port)
            await client.wait_for("connected")
            await wait_for_streams(first, 1)
            orders = await shop.create_all("one", "two", "three")
            results = await client.results(3)
        orders += await shop.create_all("nobody serves", "nobody serves still")
        async with serving(settings) as second:
            wire.mend(second.port)
            results += await client.results(2)
            orders.append(await shop.create("served again"))
            results += await client.results(1)
            await client.tell("dispose")
            await client.wait_for("complete")
    assert told(results) == [("order.created", order) for order in orders]


async def test_an_invalid_operation_is_answered_by_a_result(front: Front) -> None:
    async with await watching(front, front.port, "subscription { orderEvents { nonsense } }") as client:
        (result,) = await client.results(1)
        await client.wait_for("complete")
    (error,) = result["errors"]
    assert (error["extensions"]["code"], "data" in result) == ("GRAPHQL_VALIDATION_FAILED", False)


async def test_disposing_frees_everything(front: Front) -> None:
    async with await watching(front, front.port) as client:
        await client.wait_for("connected")
        await wait_for_streams(front, 1)
        await client.tell("dispose")
        await client.wait_for("complete")
        await wait_for_streams(front, 0)
        assert front.app.state.hub.followers == 0


async def test_a_query_is_answered_over_the_same_protocol(front: Front) -> None:
    async with await watching(front, front.port, "{ viewer { tenant { slug } } }") as client:
        (result,) = await client.results(1)
        await client.wait_for("complete")
    assert result == {"data": {"viewer": {"tenant": {"slug": "acme"}}}}
