"""A client that reads nothing makes nothing grow: what it has missed waits in the log, for all alike."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schema.live.feed import LOT_BYTES
from schema.live.run import TAIL_BYTES
from tests.support.server import STREAM, Front, serving
from tests.support.single import PATH, reserved
from tests.support.waiting import until

HIGH_WATER = 65_536
"""Bytes from which on uvicorn's transport says that it is full."""
EVENTS = 40
LAST = b'"p9":{"notes":"%04d ' % (EVENTS - 1)
OPERATIONS = ("a", "b", "c")
NOTES = "x" * 2_000
WATCH = "subscription { orderEvents { " + " ".join(f"p{number}: patch" for number in range(10)) + " } }"
FRAME = 10 * len(NOTES)
"""Bytes of a frame, about."""
NOTE = "mutation ($i: UpdateOrderInput!) { updateOrder(input: $i) { order { version } } }"


@asynccontextmanager
async def stalled(front: Front, request: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A connection that sent this and reads only what its test reads."""
    sock = socket.create_connection(("127.0.0.1", front.port))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    reader, writer = await asyncio.open_connection(sock=sock, limit=8_192)
    try:
        writer.write(request)
        yield reader
    finally:
        writer.transport.abort()


def head(start: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    fields = {"Host": "x", "Accept": STREAM, "Content-Type": "application/json", **headers}
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([start, *lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def write_events(front: Front) -> int:
    """The most bytes that waited for any client, looked at after each event."""
    headers = await front.bearer()
    answer = await front.post("{ orders(first: 1) { nodes { id } } }", headers=headers)
    order = answer.json()["data"]["orders"]["nodes"][0]["id"]
    most = 0
    for number in range(EVENTS):
        await front.post(NOTE, {"i": {"id": order, "notes": f"{number:04} {NOTES[5:]}"}}, headers=headers)
        members = front.app.state.gateway.groups.members
        assert members, "it stays open"
        most = max(most, *(member.queued() for member in members))
    return most


async def read_all(front: Front, reader: asyncio.StreamReader, times: int = 1) -> tuple[bytes, int]:
    """What the client reads at last, and the most bytes that waited for it meanwhile."""
    told, most = b"", 0
    async with asyncio.timeout(20):
        while told.count(LAST) < times or not told.endswith(b"\n\n\r\n"):
            told += await reader.read(65_536)
            most = max([most, *(member.queued() for member in front.app.state.gateway.groups.members)])
    return told, most


def numbers_in(told: bytes, operation: str = "") -> list[int]:
    """The events that an operation was told, in order."""
    results = [json.loads(line.removeprefix(b"data: ")) for line in told.split(b"\n") if line.startswith(b"data: {")]
    if operation:
        results = [result["payload"] for result in results if result["id"] == operation]
    return [int(result["data"]["orderEvents"]["p0"]["notes"][:4]) for result in results]


def body_of(chunked: bytes) -> bytes:
    """What the chunks hold."""
    body = b""
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        body, chunked = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def tails(front: Front) -> list[int]:
    """Bytes of the frames that each run keeps for all who follow it."""
    groups = front.app.state.gateway.groups.groups
    return [sum(len(frame.payload) for frame in run.frames) for group in groups for run in group.runs]


async def test_a_stream_that_nobody_reads_holds_no_more_than_its_wire(front: Front) -> None:
    async with serving(front.app.state.settings) as slow:
        body = json.dumps({"query": WATCH}).encode()
        async with stalled(slow, head("POST /graphql HTTP/1.1", await slow.bearer(), body)) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert await write_events(slow) <= HIGH_WATER + 2 * FRAME
            (member,) = slow.app.state.gateway.groups.members
            assert 0 < member.behind < EVENTS
            assert max(tails(slow)) <= TAIL_BYTES
            told, most = await read_all(slow, reader)
        assert most <= HIGH_WATER + LOT_BYTES + FRAME
        await until(lambda: not slow.app.state.gateway.groups.members)
    assert numbers_in(body_of(told)) == list(range(EVENTS))


async def test_a_reserved_connection_that_nobody_reads_holds_no_more_than_its_wire(front: Front) -> None:
    async with serving(front.app.state.settings) as slow:
        single = await reserved(slow)
        async with stalled(slow, head(f"GET {PATH} HTTP/1.1", single.fields)) as reader:
            await reader.readuntil(b"\r\n\r\n")
            for name in OPERATIONS:
                assert (await single.post(name, WATCH)).status_code == 202
            event = len(OPERATIONS) * FRAME
            assert await write_events(slow) <= HIGH_WATER + 2 * event
            assert max(tails(slow)) <= TAIL_BYTES
            told, most = await read_all(slow, reader, len(OPERATIONS))
        assert most <= HIGH_WATER + LOT_BYTES + event
        await until(lambda: not slow.app.state.gateway.groups.members)
    for name in OPERATIONS:
        assert numbers_in(body_of(told), name) == list(range(EVENTS))
