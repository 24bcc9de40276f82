"""One stream's response: what is written when, and that every end frees all of it."""

import asyncio
import re
from dataclasses import dataclass

import pytest
from starlette.types import Message

from schema.live.frames import COMPLETED, Ending, EndReason
from tests.support.given import Given
from tests.support.waiting import until
from web.sse.messages import COMPLETE, OPENING, next_event
from web.sse.outlet import Outlet
from web.sse.stream import ABORT, HEADERS, StreamResponse
from web.sse.streams import Streams

OPENED = OPENING + b":\nid: c0\n\n"
"""What a client has when it knows where its stream begins."""


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

    def __init__(self, ping_seconds: float = 30, send_seconds: float = 5, begins: int | None = 0) -> None:
        self.feed, self.gauge, self.draining = Given(begins), Count(), asyncio.Event()
        self.sent: list[Message] = []
        self.takes, self.gone, self.aborted = asyncio.Event(), asyncio.Event(), False
        self.takes.set()
        streams = Streams(
            ping_seconds=ping_seconds, draining=self.draining, gauge=self.gauge, send_seconds=send_seconds
        )
        outlet = Outlet()
        outlet.add(self.feed)
        self.turning = asyncio.create_task(streams.run())
        scope = {"type": "http", "extensions": {ABORT: {"call": self._abort}}}
        self.task = asyncio.create_task(StreamResponse(outlet, streams)(scope, self._receive, self._send))

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
        async with asyncio.timeout(60):
            await self.task
        self.turning.cancel()
        assert (self.feed.closed is not None, self.gauge.value, self.gauge.highest) == (True, 0, 1)

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
    await connection.until(OPENED)
    assert connection.sent[0] == {"type": "http.response.start", "status": 200, "headers": list(HEADERS)}
    assert connection.body == OPENED
    connection.gone.set()
    await connection.over()


async def test_a_feed_that_ends_completes_the_stream() -> None:
    connection = Connection()
    connection.feed.give(b"{}", b"[]", last=COMPLETED)
    await connection.over()
    told = next_event(b'{,"extensions":{"cursor":"c1"}}', "c1") + next_event(b'[,"extensions":{"cursor":"c2"}}', "c2")
    assert connection.body == OPENING + told + COMPLETE
    assert connection.finished


async def test_a_client_that_hangs_up_frees_everything_and_is_sent_nothing() -> None:
    connection = Connection()
    await connection.until(OPENED)
    connection.gone.set()
    await connection.over()
    assert connection.body == OPENED
    assert not connection.finished


async def test_a_drained_stream_gets_its_last_chunk_and_no_complete() -> None:
    connection = Connection()
    connection.feed.give(b"{}")
    await connection.until(b"id: c1\n")
    connection.draining.set()
    await connection.over()
    assert COMPLETE not in connection.body
    assert connection.finished


async def test_a_stream_that_opens_while_the_server_drains_ends_at_once() -> None:
    connection = Connection()
    connection.draining.set()
    await connection.over()
    assert COMPLETE not in connection.body
    assert connection.finished


async def test_silence_is_broken_by_comments() -> None:
    connection = Connection(ping_seconds=0.02)
    await connection.until(OPENED + b":\n\n:\n\n:\n\n")
    connection.gone.set()
    await connection.over()


async def test_a_busy_stream_is_not_pinged() -> None:
    connection = Connection(ping_seconds=1)
    for _ in range(24):
        connection.feed.give(b"{}")
        await asyncio.sleep(0.05)
    assert b"\n:\n" not in connection.body.removeprefix(OPENED)
    connection.gone.set()
    await connection.over()


async def test_nothing_goes_out_before_it_is_known_where_the_stream_begins() -> None:
    connection = Connection(begins=None)
    await asyncio.sleep(0.05)
    assert connection.sent == []
    connection.feed.move(7)
    await connection.until(OPENING + b":\nid: c7\n\n")
    connection.gone.set()
    await connection.over()


async def test_a_stream_opens_in_time_all_the_same_and_tells_its_place_when_it_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.sse.stream.OPEN_SECONDS", 0.02)
    connection = Connection(begins=None)
    await connection.until(OPENING)
    assert connection.body == OPENING
    connection.feed.move(7)
    await connection.until(b":\nid: c7\n\n")
    connection.gone.set()
    await connection.over()


async def test_a_stream_that_is_over_before_its_place_is_known_opens_and_says_why() -> None:
    connection = Connection(begins=None)
    await asyncio.sleep(0)
    connection.feed.give(last=Ending(EndReason.SESSION_REVOKED, "SESSION_REVOKED"))
    await connection.over()
    assert b'"reason":"SESSION_REVOKED"' in connection.body
    assert connection.body.endswith(COMPLETE)


async def test_a_server_that_drains_waits_for_no_place() -> None:
    connection = Connection(begins=None)
    await asyncio.sleep(0)
    connection.draining.set()
    await connection.over()
    assert re.fullmatch(OPENING + rb"retry: \d+\n\n", connection.body)
    assert connection.finished


async def test_a_client_that_hangs_up_before_the_place_is_known_is_soon_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.sse.stream.OPEN_SECONDS", 0.02)
    connection = Connection(begins=None)
    connection.gone.set()
    await connection.over()


async def test_a_ping_tells_a_cursor_that_moved_without_a_match_and_tells_it_once() -> None:
    connection = Connection(ping_seconds=0.02)
    connection.feed.give(b"{}")
    await connection.until(b"}}\n\n:\n\n")
    connection.feed.at = 5
    await connection.until(b":\nid: c5\n\n:\n\n")
    assert connection.body.count(b"id: c5") == 1
    assert connection.body.count(b"id: c1") == 1
    connection.gone.set()
    await connection.over()


async def test_no_id_overtakes_a_result_that_waits_for_the_client() -> None:
    connection = Connection(ping_seconds=0.01)
    await connection.until(OPENED)
    connection.takes.clear()
    for _ in range(3):
        connection.feed.give(b"{}")
    await asyncio.sleep(0.1)
    connection.takes.set()
    await connection.until(b"id: c3")
    ids = [line for line in connection.body.split(b"\n") if line.startswith(b"id")]
    assert ids == [b"id: c0", b"id: c1", b"id: c2", b"id: c3"]
    connection.gone.set()
    await connection.over()


async def test_a_slow_client_holds_up_its_feed_instead_of_a_queue() -> None:
    connection = Connection()
    await connection.until(OPENED)
    connection.takes.clear()
    for _ in range(10):
        connection.feed.give(b"{}")
    await asyncio.sleep(0.05)
    assert len(connection.feed.frames) == 9
    connection.gone.set()
    await connection.over()


@pytest.mark.parametrize("ping_seconds", [0.02, 0.2])
async def test_a_client_that_takes_nothing_is_cut_off(ping_seconds: float) -> None:
    connection = Connection(ping_seconds=ping_seconds, send_seconds=0.05)
    await connection.until(OPENED)
    connection.takes.clear()
    connection.feed.give(b"{}")
    await connection.over()
    assert connection.aborted


async def test_a_feed_that_fails_frees_everything_and_nobody_else() -> None:
    connection = Connection()
    await connection.until(OPENED)
    connection.feed.fails = True
    connection.feed.give(b"{}")
    await connection.over()
    assert connection.body == OPENED


async def test_a_cancelled_request_frees_everything() -> None:
    connection = Connection()
    await connection.until(OPENED)
    connection.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connection.task
    assert (connection.feed.closed is not None, connection.gauge.value) == (True, 0)
