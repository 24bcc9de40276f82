"""curl -N, as the README shows it."""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.interop.test_graphql_sse import WATCH, told
from tests.support.server import Front
from tests.support.shop import Shop
from tests.support.streams import Block
from tests.support.wire import Wire


@asynccontextmanager
async def curl(front: Front, *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """What curl prints, byte for byte; it is interrupted at the end, as by Ctrl-C."""
    bearer = await front.bearer("viewer")
    fields = [part for name, value in bearer.items() for part in ("-H", f"{name}: {value}")]
    process = await asyncio.create_subprocess_exec(
        "curl", "-sN", "-H", "Accept: text/event-stream", *fields, *arguments, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with suppress(ProcessLookupError):  # it ended by itself: its connection was cut
            process.terminate()
        await process.communicate()


async def blocks_with(field: str, printed: asyncio.StreamReader, count: int) -> list[Block]:
    """The next blocks that have the field."""
    found: list[Block] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            block = Block(await printed.readuntil(b"\n\n"))
            if block.field(field) is not None:
                found.append(block)
    return found


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_curl_receives_ids_and_resumes_after_one(front: Front, shop: Shop, path: str, method: str) -> None:
    url = f"http://127.0.0.1:{front.port}{path}"
    by_post = ("-H", "Content-Type: application/json", "-d", json.dumps({"query": WATCH}), url)
    asking = by_post if method == "POST" else ("-G", "--data-urlencode", f"query={WATCH}", url)
    async with curl(front, *asking) as printed:
        await blocks_with("id", printed, 1)  # where it begins is told before anything happens
        orders = await shop.create_all("one", "two", "three")
        blocks = await blocks_with("event", printed, 3)
    orders += await shop.create_all("missed", "missed too")
    async with curl(front, "-H", f"Last-Event-ID: {blocks[-1].id}", *asking) as printed:
        blocks += await blocks_with("event", printed, 2)
    assert told([block.payload for block in blocks]) == [("order.created", order) for order in orders]
    assert [block.id for block in blocks] == [block.payload["extensions"]["cursor"] for block in blocks]


async def test_curl_is_cut_off_and_resumes_after_the_last_id_it_printed(front: Front, shop: Shop, wire: Wire) -> None:
    asking = ("-G", "--data-urlencode", f"query={WATCH}", f"http://127.0.0.1:{wire.port}/graphql/stream")
    async with curl(front, *asking) as printed:
        await blocks_with("id", printed, 1)
        orders = await shop.create_all("one", "two")
        blocks = await blocks_with("event", printed, 2)
        wire.cut()
        await printed.read()  # to its end
    orders += await shop.create_all("missed", "missed too")
    wire.mend()
    async with curl(front, "-H", f"Last-Event-ID: {blocks[-1].id}", *asking) as printed:
        orders.append(await shop.create("live again"))
        blocks += await blocks_with("event", printed, 3)
    assert told([block.payload for block in blocks]) == [("order.created", order) for order in orders]


async def test_curl_shows_the_first_byte_at_once(front: Front) -> None:
    url = f"http://127.0.0.1:{front.port}/graphql"
    async with curl(front, "-G", "--data-urlencode", f"query={WATCH}", url) as printed:
        async with asyncio.timeout(60):
            first = await printed.readuntil(b"\n\n")
    assert first == b":\n\n"
