"""Python's httpx, line by line, and the EventSource of httpx2."""

import json
from typing import Any

import httpx
import httpx2

from tests.interop.test_graphql_sse import WATCH, told, wait_for_streams
from tests.support.server import STREAM, Front
from tests.support.shop import Shop


async def results_of(front: Front, count: int, headers: dict[str, str]) -> tuple[list[Any], str]:  # Any: JSON
    """The next results over httpx and the last id that came."""
    results: list[Any] = []
    last = ""
    url = f"http://127.0.0.1:{front.port}/graphql"
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("POST", url, json={"query": WATCH}, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            last = value if name == "id" else last
            if name == "data":
                results.append(json.loads(value))
                if len(results) == count:
                    return results, last
    raise AssertionError("the stream ended")


async def test_httpx_resumes_after_the_last_id(front: Front, shop: Shop) -> None:
    headers = {"Accept": STREAM, **await front.bearer("viewer")}
    begin = await first_cursor(front, headers)
    orders = await shop.create_all("one", "two", "three")
    results, last = await results_of(front, 3, {**headers, "Last-Event-ID": begin})
    orders += await shop.create_all("missed", "missed too")
    more, last = await results_of(front, 2, {**headers, "Last-Event-ID": last})
    assert told(results + more) == [("order.created", order) for order in orders]
    assert last == more[-1]["extensions"]["cursor"]
    await wait_for_streams(front, 0)


async def test_the_event_source_of_httpx2_receives_results_with_ids(front: Front, shop: Shop) -> None:
    headers = {"Accept": STREAM, **await front.bearer("viewer")}
    begin = await first_cursor(front, headers)
    orders = await shop.create_all("one", "two")
    params = {"query": WATCH, "variables": json.dumps({"after": begin})}
    received: list[httpx2.ServerSentEvent] = []
    async with front.client.stream("GET", "/graphql", params=params, headers=headers) as response:
        async for event in httpx2.EventSource(response):
            if event.event == "next":  # it also yields what has an id and no data, which browsers keep to themselves
                received.append(event)
            if len(received) == len(orders):
                break
    results: list[Any] = [event.json() for event in received]
    assert told(results) == [("order.created", order) for order in orders]
    assert [event.id for event in received] == [result["extensions"]["cursor"] for result in results]


async def first_cursor(front: Front, headers: dict[str, str]) -> str:
    """Where the log stands now, as a new stream tells it before anything happens."""
    async with front.stream(WATCH, headers=headers) as stream:
        return await stream.wait_for_id()
