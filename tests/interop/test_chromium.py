"""EventSource in Chromium, signed in by the page: what a dashboard that uses no library at all gets."""

import json
import os
import shutil
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
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ADDRESS = "/graphql/stream?" + urlencode({"query": WATCH, "variables": json.dumps({})})
pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CI") != "true",
        reason="Chromium is not installed: left out EventSource in it",
    ),
]


@asynccontextmanager
async def browser(front: Front, port: int) -> AsyncIterator[Client]:
    """A page of the server's, signed in."""
    assert CHROMIUM is not None, "Chromium is not installed: under CI=true it may not be left out"
    await reset_password(front.database.directory, Passwords(), EMAIL, PASSWORD)
    base = f"http://127.0.0.1:{port}"
    async with node("chromium.mjs", base=base, executable=CHROMIUM, email=EMAIL, password=PASSWORD) as client:
        await client.wait_for("version")
        yield client


async def test_it_resumes_by_itself_with_exactly_what_was_missed(front: Front, shop: Shop, wire: Wire) -> None:
    async with browser(front, wire.port) as client:
        await client.tell(f"watch {ADDRESS}")
        await client.wait_for("connected")
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
        await client.tell("close")
        await wait_for_streams(front, 0)
    assert told(results) == [("order.created", order) for order in orders]
    assert ids == [result["extensions"]["cursor"] for result in results]


async def test_two_of_the_same_address_each_get_everything(front: Front, shop: Shop) -> None:
    async with browser(front, front.port) as client:
        for _ in range(2):
            await client.tell(f"watch {ADDRESS}")
            await client.wait_for("connected")
        await wait_for_streams(front, 2)
        orders = await shop.create_all("one", "two", "three")
        await client.results(6)
        said = [line for line in client.said if "next" in line]
    for number in range(2):
        results = [line["next"] for line in said if line["of"] == number]
        assert told(results) == [("order.created", order) for order in orders]
