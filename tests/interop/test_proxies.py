"""Streams through the proxies of docs/deploy/, over HTTP/2: nothing is held back, many share a connection, and who
hangs up is heard of.
"""

import asyncio
import json
from pathlib import Path

import psutil
import pytest

from tests.interop.test_curl import blocks_with, curl
from tests.interop.test_graphql_sse import WATCH, told, wait_for_streams
from tests.support.proxies import HOST, PROXIES, proxied
from tests.support.server import Front
from tests.support.shop import Shop

SOON = 40.0
"""Seconds within which an event has come through: a proxy that gathers would hold it back for a minute."""
STREAMS = 20
"""More than three times the connections that a browser opens to a host by HTTP/1.1."""


def by_way_of(port: int) -> tuple[str, ...]:
    """How curl asks the proxy at that port, whose certificate nobody vouches for."""
    return ("-k", "--http2", "--resolve", f"{HOST}:{port}:127.0.0.1", "-H", "Content-Type: application/json")


def watching(port: int) -> tuple[str, ...]:
    return ("-d", json.dumps({"query": WATCH}), f"https://{HOST}:{port}/graphql")


def connections_to(port: int) -> int:
    """How many this machine has open to that port, as its clients see them."""
    found = psutil.net_connections("tcp4")
    return sum(1 for each in found if each.raddr and each.raddr.port == port and each.status == "ESTABLISHED")


@pytest.mark.parametrize("name", PROXIES)
async def test_events_come_through_as_they_happen(name: str, front: Front, shop: Shop, tmp_path: Path) -> None:
    async with proxied(name, tmp_path, front.port) as port:
        way, address = by_way_of(port), f"https://{HOST}:{port}"
        async with curl(front, *way, *watching(port)) as printed:
            await blocks_with("id", printed, 1)
            for notes in ("one", "two"):
                order = await shop.create(notes)
                async with asyncio.timeout(SOON):
                    (block,) = await blocks_with("event", printed, 1)
                assert told([block.payload]) == [("order.created", order)]
            assert front.open_streams == 1
        await wait_for_streams(front, 0)
        async with curl(front, *way, "-w", "%{http_version} %{http_code}", f"{address}/health/live") as printed:
            assert (await printed.read()).decode() == '{"status":"live"}2 200'
        async with curl(front, *way, "-o", "/dev/null", "-w", "%{http_code}", f"{address}/metrics") as printed:
            assert (await printed.read()).decode() == "404"


@pytest.mark.parametrize("name", PROXIES)
async def test_many_streams_share_one_connection(name: str, front: Front, shop: Shop, tmp_path: Path) -> None:
    async with proxied(name, tmp_path, front.port) as port:
        asking = (*by_way_of(port), "--parallel", "--parallel-max", str(STREAMS), *watching(port))
        async with curl(front, *asking, *[f"https://{HOST}:{port}/graphql"] * (STREAMS - 1)) as printed:
            await wait_for_streams(front, STREAMS)
            assert connections_to(port) == 1
            order = await shop.create("all of them")
            async with asyncio.timeout(SOON):
                blocks = await blocks_with("event", printed, STREAMS)
            assert told([block.payload for block in blocks]) == [("order.created", order)] * STREAMS
        await wait_for_streams(front, 0)
