"""The server: it drains before it stops, cuts off who takes nothing, and keeps no endless head."""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tests.support.server import SECRET, STREAM, Front, serving
from tests.support.streams import StreamClient
from web.protocol import MAX_HEAD
from web.sse.streams import SEND_SECONDS, Streams

EVENTS = "subscription { orderEvents { id } }"
ROOT = Path(__file__).parents[2]
RUN = """
from web.app import create_app
from web.server import serve
from web.settings import Settings
settings = Settings.load()
serve(create_app(settings), settings)
print("cleaned up")
"""


@asynccontextmanager
async def process(front: Front, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server of its own, on the same database with the same secrets."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")},
        "DATABASE_URL": front.app.state.settings.database_url,
        "TIDEGATE_SECRETS": SECRET,
        "TIDEGATE_PORT": str(port),
    }
    command = (sys.executable, "-c", RUN)
    running = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def until_ready(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                if (await client.get("/health/ready")).status_code == 200:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_streams_without_complete_and_the_process_in_good_order(
    front: Front, sent: signal.Signals, unused_tcp_port: int
) -> None:
    headers = await front.bearer() | {"Accept": STREAM}
    url = f"http://127.0.0.1:{unused_tcp_port}"
    asking = httpx2.AsyncClient(base_url=url, timeout=20, verify=False)
    async with process(front, unused_tcp_port) as running, asking as client:
        await until_ready(client)
        async with client.stream("POST", "/graphql", json={"query": EVENTS}, headers=headers) as response:
            stream = StreamClient(response)
            await stream.wait_for_id()
            running.send_signal(sent)
            rest = await stream.wait_for_end()
        out, _ = await asyncio.wait_for(running.communicate(), 8)
    assert [block.raw for block in rest if block.event is not None] == []
    assert (running.returncode, out.splitlines()[-1]) == (0, b"cleaned up")


async def test_a_stopping_server_ends_every_stream_with_a_last_chunk_and_a_cursor_to_resume_from(front: Front) -> None:
    async with serving(front.app.state.settings.model_copy(update={"drain_seconds": 0.4})) as stopping:
        headers = await stopping.bearer()
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(stopping.stream(EVENTS, headers=headers)) for _ in range(8)]
            begun = [await stream.wait_for_id() for stream in opened]
            stopping.server.should_exit = True
            ends = await asyncio.gather(*(stream.wait_for_end() for stream in opened))
    assert {block.event for end in ends for block in end} <= {None}
    retries = [int(end[-1].field("retry") or 0) for end in ends]
    assert all(1_000 <= retry <= 3_000 for retry in retries)
    assert len(set(retries)) > 1, "each comes back at a moment of its own"
    assert [end[-1].id for end in ends] == begun
    assert stopping.open_streams == 0
    assert not stopping.app.state.gateway.groups.members


async def test_while_the_server_drains_a_new_stream_is_sent_away(front: Front) -> None:
    async with serving(front.app.state.settings) as draining:
        draining.app.state.draining.set()
        headers = await draining.bearer()
        answer = await draining.post(EVENTS, headers=headers, accept=STREAM)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["errors"][0]["extensions"]["code"] == "DRAINING"
        answer = await draining.get({"query": EVENTS}, headers=headers, accept=STREAM)
        assert (answer.status_code, answer.text) == (200, ":DRAINING\n\nretry: 1000\n\n")
        assert draining.open_streams == 0
        assert not draining.app.state.gateway.groups.members


async def test_a_client_that_reads_nothing_is_cut_off(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.sse.opening.Streams", partial(Streams, send_seconds=0.2))
    query = "subscription { orderEvents { id patch order { notes items { sku } customer { name } } } }"
    body = b'{"query":"%s"}' % query.encode()
    async with serving(front.app.state.settings) as stalling:
        token = await stalling.token()
        sock = socket.create_connection(("127.0.0.1", stalling.port))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader, writer = await asyncio.open_connection(sock=sock, limit=1_024)
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAccept: {STREAM}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await reader.readuntil(b"id: ")
        await _flood(stalling)
        writer.transport.abort()


async def _flood(front: Front) -> None:
    """Changes until the client that does not read is gone."""
    headers = await front.bearer()
    answer = await front.post("{ orders(first: 1) { nodes { id } } }", headers=headers)
    order = answer.json()["data"]["orders"]["nodes"][0]["id"]
    document = "mutation($i: UpdateOrderInput!) { updateOrder(input: $i) { order { version } } }"
    async with asyncio.timeout(60):
        number = 0
        while front.open_streams:
            number += 1
            notes = f"{number} " + "x" * 1_900
            await front.post(document, {"i": {"id": order, "notes": notes}}, headers=headers)


async def test_a_head_without_end_is_not_kept(front: Front) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Endless: ")
    for _ in range(MAX_HEAD // 4_096 + 2):
        writer.write(b"x" * 4_096)
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_several_requests_on_one_connection_are_each_bounded_alone(front: Front) -> None:
    for _ in range(5):
        answer = await front.client.get("/health/live", headers={"X-Much": "x" * 20_000})
        assert answer.status_code == 200


async def test_a_request_leaves_no_rings_to_the_collector(front: Front) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await front.post("{ __typename }")
        left = [each for each in gc.get_objects() if isinstance(each, RequestResponseCycle)]
    finally:
        gc.enable()
    assert len(left) <= len(front.server.server_state.connections)


async def test_the_server_does_not_say_what_it_is(front: Front) -> None:
    assert "server" not in (await front.client.get("/health/live")).headers


@pytest.mark.parametrize("pieces", [1, 2, 3])
async def test_a_body_that_comes_in_one_piece_with_its_head_is_no_head(front: Front, pieces: int) -> None:
    body = json.dumps({"query": "{ __typename }", "variables": {"unused": "x" * 3 * MAX_HEAD}}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    sent = head.encode() + body
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    for start in range(0, len(sent), step := -(-len(sent) // pieces)):
        writer.write(sent[start : start + step])
        await asyncio.sleep(0.05)
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()
    await writer.wait_closed()


async def test_nothing_small_is_held_back_for_an_acknowledgement(front: Front) -> None:
    async with front.client.stream("GET", "/health/live"):
        (protocol, *_) = front.server.server_state.connections
        sock = protocol.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone tells the kernel so")
async def test_a_client_that_vanishes_without_a_word_is_given_up_when_a_frozen_one_is(front: Front) -> None:
    async with front.client.stream("GET", "/health/live"):
        (protocol, *_) = front.server.server_state.connections
        sock = protocol.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1_000 * SEND_SECONDS
