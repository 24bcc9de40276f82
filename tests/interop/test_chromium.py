"""Chromium, signed in by the page: EventSource as a dashboard without any library uses it, GraphiQL under its policy,
what a page of another origin may do, and the example of such a page.
"""

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
from tests.interop.test_examples import EXAMPLES, check_story
from tests.interop.test_graphql_sse import WATCH, told, wait_for_streams
from tests.support.proxies import free_port
from tests.support.server import Front, serving, settings_for
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
        orders = await shop.create_all("one", "two", "three")
        await client.results(6)
        said = [line for line in client.said if "next" in line]
    for number in range(2):
        results = [line["next"] for line in said if line["of"] == number]
        assert told(results) == [("order.created", order) for order in orders]


async def test_graphiql_works_under_its_policy_and_nothing_is_stopped(front: Front) -> None:
    async with browser(front, front.port) as client:
        await client.tell("graphiql")
        assert await client.wait_for("graphiql") == []


async def test_a_page_of_a_named_origin_asks_and_follows_and_no_other_does(front: Front) -> None:
    assert front.dsns is not None
    app, evil = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    async with (
        serving(settings_for(front.dsns, allowed_origins=(app,))) as served,
        browser(served, served.port) as client,
    ):
        token = await served.token("viewer")
        await client.tell(f"elsewhere {app} {token}")
        told = await client.wait_for("elsewhere")
        assert told["answer"]["data"]["viewer"]["user"]["email"] == EMAIL
        assert told["id"] == "from-elsewhere"
        assert told["stream"].startswith("str_")
        assert told["begun"].startswith(":")
        await client.tell(f"elsewhere {evil} {token}")
        assert (await client.wait_for("elsewhere")).keys() == {"stopped"}
        await wait_for_streams(served, 0)


async def test_the_example_for_a_browser_pages_changes_streams_and_resumes(front: Front) -> None:
    assert front.dsns is not None
    origin = f"http://127.0.0.1:{free_port()}"
    async with (
        serving(settings_for(front.dsns, allowed_origins=(origin,))) as served,
        browser(served, served.port) as client,
    ):
        await client.tell(f"example {origin} {await served.token('manager')} {EXAMPLES / 'event_source.html'}")
        *story, last = (await client.wait_for("example")).splitlines()
        assert last == "done", last
        check_story(story)
        await wait_for_streams(served, 0)
