"""Whoever sees that a stream is open may act on it: what it does then is told, however slow the log is to say where it
stands.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.support.plant import connected
from tests.support.server import STREAM, Front
from tests.support.shop import Shop
from tests.support.single import reserved, told
from tests.support.streams import StreamClient
from tests.support.waiting import until

WATCH = "subscription { orderEvents { type id } }"
MOMENT = 0.1
"""Seconds in which everything is answered that waits for nothing."""


@asynccontextmanager
async def no_log_says_where_it_is(front: Front) -> AsyncIterator[None]:
    """Whoever asks waits."""
    assert front.dsns is not None
    async with connected(front.dsns.superuser) as connection, connection.transaction():
        await connection.execute("LOCK TABLE event_heads IN ACCESS EXCLUSIVE MODE")
        yield


@asynccontextmanager
async def opened(front: Front, method: str) -> AsyncIterator[StreamClient]:
    """A stream of orders, once its answer began."""
    headers, operation = {**await front.bearer("viewer"), "Accept": STREAM}, {"query": WATCH}
    body, params = (operation, None) if method == "POST" else (None, operation)
    async with front.client.stream(method, "/graphql/stream", headers=headers, json=body, params=params) as response:
        assert response.status_code == 200
        yield StreamClient(response)


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_what_is_done_right_after_a_stream_has_opened_is_told(front: Front, shop: Shop, method: str) -> None:
    async with AsyncExitStack() as streams:
        async with no_log_says_where_it_is(front):
            opening = asyncio.create_task(streams.enter_async_context(opened(front, method)))
            await asyncio.wait([opening], timeout=MOMENT)
            assert not opening.done()
        stream = await opening
        order = await shop.create("right after")
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"] == {"type": "order.created", "id": order}


async def test_a_stream_counts_as_open_from_when_its_answer_begins(front: Front) -> None:
    async with AsyncExitStack() as streams:
        async with no_log_says_where_it_is(front):
            opening = asyncio.create_task(streams.enter_async_context(opened(front, "POST")))
            await asyncio.wait([opening], timeout=MOMENT)
            assert front.open_streams == 0
        await opening
        await until(lambda: front.open_streams == 1)
    await until(lambda: front.open_streams == 0)


async def test_a_client_that_leaves_before_its_stream_began_leaves_no_count(front: Front) -> None:
    async with no_log_says_where_it_is(front), AsyncExitStack() as streams:
        opening = asyncio.create_task(streams.enter_async_context(opened(front, "POST")))
        await asyncio.wait([opening], timeout=MOMENT)
        opening.cancel()
        await asyncio.wait([opening])
    async with opened(front, "POST"):
        await until(lambda: front.open_streams == 1)
    await until(lambda: front.open_streams == 0)


async def test_a_stream_opens_all_the_same_while_no_log_says_where_it_is(front: Front, shop: Shop) -> None:
    async with AsyncExitStack() as streams:
        async with no_log_says_where_it_is(front):
            stream = await streams.enter_async_context(opened(front, "POST"))
            assert [(await stream.wait_for_block()).id for _ in range(3)] == [None] * 3
        await stream.wait_for_id()
        order = await shop.create("after the first id")
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"]["id"] == order


async def test_what_is_done_right_after_an_operation_was_accepted_is_told(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        async with no_log_says_where_it_is(front):
            posting = asyncio.create_task(single.post("w", WATCH))
            await asyncio.wait([posting], timeout=MOMENT)
            assert not posting.done()
        assert (await posting).status_code == 202
        order = await shop.create("right after")
        name, payload = told(await stream.wait_for_next())
    assert (name, payload["data"]["orderEvents"]["id"]) == ("w", order)


async def test_what_is_done_right_after_a_stream_opened_for_which_operations_waited_is_told(
    front: Front, shop: Shop
) -> None:
    single = await reserved(front)
    assert (await single.post("w", WATCH)).status_code == 202
    async with AsyncExitStack() as streams:
        async with no_log_says_where_it_is(front):
            opening = asyncio.create_task(streams.enter_async_context(single.open()))
            await asyncio.wait([opening], timeout=MOMENT)
            assert not opening.done()
        stream = await opening
        order = await shop.create("right after")
        name, payload = told(await stream.wait_for_next())
        assert (name, payload["data"]["orderEvents"]["id"]) == ("w", order)
