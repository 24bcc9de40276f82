"""Subscriptions in parts over a socket: as Apollo's clients ask for them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.support.database import Dsns
from tests.support.server import GRAPHQL, JSON, STREAM, Front, serving, settings_for
from tests.support.shop import Shop
from tests.support.waiting import until

APOLLO = f"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,{GRAPHQL},{JSON};q=0.9"
WATCH = "subscription ($after: String) { orderEvents(after: $after) { type id patch } }"


class Parts:
    """One open response."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._buffer = b""

    async def body(self) -> Any:  # Any: JSON
        """The next part that is no heartbeat."""
        while True:
            while b"\r\n--graphql" not in self._buffer:
                self._buffer += await anext(self._pieces)
            part, _, self._buffer = self._buffer.partition(b"\r\n--graphql")
            told = json.loads(part.partition(b"\r\n\r\n")[2] or b"{}")
            if told:
                return told


@asynccontextmanager
async def in_parts(
    front: Front, document: str, accept: str = APOLLO, **variables: Any
) -> AsyncIterator[Parts]:  # Any: JSON
    headers = {"Accept": accept, **await front.bearer("manager")}
    body = {"query": document, "variables": variables}
    async with front.client.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'
        assert response.headers["cache-control"] == "no-store"
        yield Parts(response.aiter_raw())


async def test_changes_arrive_as_payloads_and_after_a_cursor_only_what_was_missed(front: Front) -> None:
    shop, note = await Shop.open(front.client, await front.bearer("manager")), uuid4().hex
    async with in_parts(front, WATCH) as parts:
        await until(lambda: front.open_streams > 0)
        first = await shop.create(note)
        told = (await parts.body())["payload"]
    assert told["data"]["orderEvents"]["id"] == first
    missed = await shop.create(note)
    async with in_parts(front, WATCH, after=told["extensions"]["cursor"]) as parts:
        again = (await parts.body())["payload"]["data"]["orderEvents"]
    assert (again["type"], again["id"]) == ("order.created", missed)


async def test_hanging_up_frees_everything(front: Front) -> None:
    await until(lambda: front.open_streams == 0)
    async with in_parts(front, WATCH):
        await until(lambda: front.open_streams == 1)
    await until(lambda: front.open_streams == 0)


async def test_a_server_that_goes_down_says_where_to_go_on(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns)) as served, in_parts(served, WATCH) as parts:
        await until(lambda: served.open_streams == 1)
        served.app.state.draining.set()
        told = await parts.body()
    (error,) = told["errors"]
    assert (told["payload"], error["extensions"]["code"]) == (None, "DRAINING")
    assert error["extensions"]["cursor"]


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (APOLLO, GRAPHQL),
        ("multipart/mixed;subscriptionSpec=1.0", JSON),
        (f'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", {JSON}', JSON),
    ],
)
async def test_whatever_is_no_subscription_is_answered_whole(front: Front, accept: str, answered: str) -> None:
    for document in ("{ __typename }", "{", "subscription { nothing }"):
        answer = await front.post(document, headers=await front.bearer(), accept=accept)
        assert answer.headers["content-type"] == f"{answered}; charset=utf-8"


async def test_a_refused_subscription_is_refused_whole(front: Front) -> None:
    answer = await front.post(WATCH, accept=APOLLO)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("accept", ["multipart/mixed", "multipart/mixed;deferSpec=20220824, */*", "*/*", "multipart/*"])
async def test_parts_are_for_those_who_name_them(front: Front, accept: str) -> None:
    answer = await front.post(WATCH, headers=await front.bearer(), accept=accept)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (406, "BAD_REQUEST")


async def test_who_takes_either_gets_events(front: Front) -> None:
    headers = {"Accept": f"{APOLLO}, {STREAM}", **await front.bearer()}
    async with front.client.stream("POST", "/graphql", json={"query": WATCH}, headers=headers) as response:
        assert response.headers["content-type"].startswith(STREAM)
