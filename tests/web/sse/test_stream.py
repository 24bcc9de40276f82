"""One stream's response: what is written when, and that every end frees all of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from starlette.types import Message

from tests.support.waiting import until
from web.sse.messages import COMPLETE, OPENING
from web.sse.stream import ABORT, HEADERS, StreamResponse


@dataclass(frozen=True, slots=True)
class Result:
    payload: bytes
    cursor: str | None = None


@dataclass
class Source:
    """Frames as a test puts them in; None ends it, an exception fails it."""

    cursor: str | None = None
    closed: bool = False
    given: asyncio.Queue[Result | Exception | None] = field(default_factory=lambda: asyncio.Queue(100))

    async def __aiter__(self) -> AsyncIterator[Result]:
        while (item := await self.given.get()) is not None:
            if isinstance(item, Exception):
                raise item
            self.cursor = item.cursor
            yield item

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Count:
    """A gauge that remembers its height."""

    value: int = 0
    highest: int = 0

    def inc(self) -> None:
        self.value += 1
        self.highest = max(self.value, self.highest)

    def dec(self) -> None:
        self.value -= 1


class Connection:
    """One client: what was sent to it, and whether it still takes anything."""

    def __init__(self, ping_seconds: float = 30, send_seconds: float = 5) -> None:
        self.source, self.gauge, self.draining = Source(), Count(), asyncio.Event()
        self.sent: list[Message] = []
        self.takes, self.gone, self.aborted = asyncio.Event(), asyncio.Event(), False
        self.takes.set()
        response = StreamResponse(
            self.source,
            ping_seconds=ping_seconds,
            draining=self.draining,
            gauge=self.gauge,
            send_seconds=send_seconds,
        )
        scope = {"type": "http", "extensions": {ABORT: {"call": self._abort}}}
        self.task = asyncio.create_task(response(scope, self._receive, self._send))

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def finished(self) -> bool:
        """Whether the last chunk was sent."""
        return self.sent[-1].get("more_body") is False

    async def until(self, text: bytes) -> None:
        await until(lambda: text in self.body)

    async def over(self) -> None:
        async with asyncio.timeout(5):
            await self.task
        assert (self.source.closed, self.gauge.value, self.gauge.highest) == (True, 0, 1)

    async def _receive(self) -> Message:
        if not self.gone.is_set():
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await self.takes.wait()
        self.sent.append(message)

    def _abort(self) -> None:
        self.aborted = True


async def test_the_first_bytes_go_out_before_there_is_any_result() -> None:
    connection = Connection()
    await connection.until(OPENING)
    assert connection.sent[0] == {"type": "http.response.start", "status": 200, "headers": list(HEADERS)}
    assert connection.body == OPENING
    connection.gone.set()
    await connection.over()


async def test_a_source_that_ends_completes_the_stream() -> None:
    connection = Connection()
    for item in (Result(b"1", "a"), Result(b"2"), None):
        connection.source.given.put_nowait(item)
    await connection.over()
    assert connection.body == OPENING + b"event: next\nid: a\ndata: 1\n\nevent: next\ndata: 2\n\n" + COMPLETE
    assert connection.finished


async def test_a_client_that_hangs_up_frees_everything_and_is_sent_nothing() -> None:
    connection = Connection()
    await connection.until(OPENING)
    connection.gone.set()
    await connection.over()
    assert connection.body == OPENING
    assert not connection.finished


async def test_a_drained_stream_gets_its_last_chunk_and_no_complete() -> None:
    connection = Connection()
    connection.source.given.put_nowait(Result(b"1", "a"))
    await connection.until(b"data: 1")
    connection.draining.set()
    await connection.over()
    assert connection.body == OPENING + b"event: next\nid: a\ndata: 1\n\n"
    assert connection.finished


async def test_a_stream_that_opens_while_the_server_drains_ends_at_once() -> None:
    connection = Connection()
    connection.draining.set()
    await connection.over()
    assert (connection.body, connection.finished) == (OPENING, True)


async def test_silence_is_broken_by_comments() -> None:
    connection = Connection(ping_seconds=0.02)
    await connection.until(OPENING + b":\n\n:\n\n:\n\n")
    connection.gone.set()
    await connection.over()


async def test_a_busy_stream_is_not_pinged() -> None:
    connection = Connection(ping_seconds=0.2)
    for _ in range(12):
        connection.source.given.put_nowait(Result(b"1", "a"))
        await asyncio.sleep(0.05)
    assert connection.body.removeprefix(OPENING) == b"event: next\nid: a\ndata: 1\n\n" * 12
    connection.gone.set()
    await connection.over()


async def test_the_place_where_a_stream_begins_is_told_as_soon_as_it_is_known() -> None:
    connection = Connection(ping_seconds=30)
    await connection.until(OPENING)
    connection.source.cursor = "start"
    await connection.until(b":\nid: start\n\n")
    connection.gone.set()
    await connection.over()


async def test_a_ping_tells_a_cursor_that_moved_without_a_match_and_tells_it_once() -> None:
    connection = Connection(ping_seconds=0.02)
    connection.source.given.put_nowait(Result(b"1", "a"))
    await connection.until(b"data: 1\n\n:\n\n")
    connection.source.cursor = "b"
    await connection.until(b":\nid: b\n\n:\n\n:\n\n")
    assert connection.body.count(b"id: b") == 1
    assert connection.body.count(b"id: a") == 1
    connection.gone.set()
    await connection.over()


async def test_no_id_overtakes_a_result_that_waits_for_the_client() -> None:
    connection = Connection(ping_seconds=0.01)
    await connection.until(OPENING)
    connection.takes.clear()
    connection.source.given.put_nowait(Result(b"1", "a"))
    connection.source.given.put_nowait(Result(b"2", "b"))
    await asyncio.sleep(0.1)
    connection.takes.set()
    await connection.until(b"data: 2")
    ids = [line for line in connection.body.split(b"\n") if line.startswith(b"id")]
    assert ids == [b"id: a", b"id: b"]
    connection.gone.set()
    await connection.over()


async def test_a_slow_client_holds_up_its_source_instead_of_a_queue() -> None:
    connection = Connection()
    await connection.until(OPENING)
    connection.takes.clear()
    for number in range(10):
        connection.source.given.put_nowait(Result(b"%d" % number))
    await asyncio.sleep(0.05)
    assert connection.source.given.qsize() == 9
    connection.gone.set()
    await connection.over()


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    connection = Connection(send_seconds=0.05)
    await connection.until(OPENING)
    connection.takes.clear()
    connection.source.given.put_nowait(Result(b"1"))
    await connection.over()
    assert connection.aborted


async def test_a_client_that_takes_no_pings_is_cut_off() -> None:
    connection = Connection(ping_seconds=0.02, send_seconds=0.05)
    await connection.until(OPENING)
    connection.takes.clear()
    await connection.over()
    assert connection.aborted


async def test_a_source_that_fails_frees_everything_and_says_so_to_the_server() -> None:
    connection = Connection()
    connection.source.given.put_nowait(LookupError("unforeseen"))
    with pytest.raises(LookupError):
        await connection.over()
    assert (connection.source.closed, connection.gauge.value) == (True, 0)
    assert not connection.finished


async def test_a_cancelled_request_frees_everything() -> None:
    connection = Connection()
    await connection.until(OPENING)
    connection.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connection.task
    assert (connection.source.closed, connection.gauge.value) == (True, 0)
