"""EventSource (npm package eventsource), signed in by a session's cookie."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import pytest

from auth.operators import reset_password
from auth.passwords import Passwords
from tests.interop.client import Client, node
from tests.interop.test_graphql_sse import WATCH, told, wait_for_streams
from tests.support.server import Front
from tests.support.shop import Shop
from tests.support.wire import Wire

EMAIL, PASSWORD = "viewer@acme.example", "a password for the tests"


@pytest.fixture
async def cookie(front: Front) -> str:
    """The session's cookie, as signing in gives it."""
    await reset_password(front.database.directory, Passwords(), EMAIL, PASSWORD)
    answer = await front.client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.headers["set-cookie"].partition(";")[0]


@asynccontextmanager
async def watching(port: int, cookie: str, variables: dict[str, str] | None = None) -> AsyncIterator[Client]:
    address = urlencode({"query": WATCH, "variables": json.dumps(variables or {})})
    url = f"http://127.0.0.1:{port}/graphql/stream?{address}"
    async with node("event_source.mjs", url=url, cookie=cookie) as client:
        await client.wait_for("connected")
        yield client


async def test_it_resumes_by_itself_with_exactly_what_was_missed(
    front: Front, shop: Shop, wire: Wire, cookie: str
) -> None:
    async with watching(wire.port, cookie) as client:
        await wait_for_streams(front, 1)
        orders = await shop.create_all("one", "two", "three")
        results = await client.results(3)
        for _ in range(2):
            wire.cut()
            await wait_for_streams(front, 0)
            orders += await shop.create_all("missed", "missed too")
            wire.mend()
            results += await client.results(2)
        orders.append(await shop.create("live again"))
        results += await client.results(1)
        ids = [line["id"] for line in client.said if "next" in line]
    assert told(results) == [("order.created", order) for order in orders]
    assert ids == [result["extensions"]["cursor"] for result in results]


async def test_its_last_event_id_goes_before_the_cursor_in_its_address(
    front: Front, shop: Shop, wire: Wire, cookie: str
) -> None:
    async with watching(wire.port, cookie) as client:
        await wait_for_streams(front, 1)
        first = await shop.create("where the next one begins")
        (result,) = await client.results(1)
    await wait_for_streams(front, 0)
    orders = await shop.create_all("since then", "since then too")
    async with watching(wire.port, cookie, {"after": result["extensions"]["cursor"]}) as client:
        results = await client.results(2)
        wire.cut()
        await wait_for_streams(front, 0)
        orders.append(await shop.create("missed"))
        wire.mend()
        results += await client.results(1)
    assert first not in orders
    assert told(results) == [("order.created", order) for order in orders]


async def test_closing_it_frees_everything(front: Front, cookie: str) -> None:
    async with watching(front.port, cookie) as client:
        await wait_for_streams(front, 1)
        await client.tell("dispose")
        await wait_for_streams(front, 0)
        assert front.app.state.hub.followers == 0
