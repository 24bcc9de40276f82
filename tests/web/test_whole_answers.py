"""Whole answers: one write for head and body, and everything else as the server sends it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from socket import socketpair

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl

from web.whole_answers import WholeAnswers

DATE = (b"date", b"Mon, 30 Nov 2026 00:00:00 GMT")
TYPE = (b"content-type", b"application/json")
ID = (b"x-request-id", b"r-1")


class Seen(asyncio.Protocol):
    """What the client's end was handed, read by read."""

    def __init__(self) -> None:
        self.reads: list[bytes] = []
        self.gone = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.reads.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()


@asynccontextmanager
async def answering(method: str = "POST", *, keep_alive: bool = True) -> AsyncIterator[tuple[WholeAnswers, Seen]]:
    """A request that is being answered, and its client's end."""
    loop = asyncio.get_running_loop()
    ours, theirs = socketpair()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    client, seen = await loop.create_connection(Seen, sock=theirs)
    cycle = WholeAnswers(
        {"type": "http", "method": method},  # type: ignore[typeddict-item]  # all that it reads
        transport,
        FlowControl(transport),
        [DATE],
        lambda: None,
        keep_alive=keep_alive,
        expect_100_continue=False,
    )
    try:
        yield cycle, seen
    finally:
        transport.close()
        client.close()


def head(*fields: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [*fields]}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def length(data: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(data)


async def sent(seen: Seen) -> Sequence[bytes]:
    await asyncio.sleep(0.01)
    return seen.reads


@pytest.mark.parametrize("size", [2, 100_000])
async def test_head_and_body_of_an_answer_that_tells_its_length_leave_at_once(size: int) -> None:
    async with answering() as (cycle, seen):
        await cycle.send(head(TYPE, length(b"x" * size), ID))
        assert await sent(seen) == []
        await cycle.send(body(b"x" * size))
        assert cycle.response_complete
        whole = b"".join(await sent(seen))
    fields = b"".join(b"%b: %b\r\n" % field for field in (DATE, TYPE, length(b"x" * size), ID))
    assert whole == b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + b"x" * size


async def test_answers_of_a_kind_differ_in_length_and_in_the_requests_id() -> None:
    dates = [DATE]
    for date, data, name in ((DATE, b"a", b"r-1"), (DATE, b"bc", b"0a"), ((b"date", b"later"), b"d", b"r-3")):
        dates = dates if date is DATE else [date]
        async with answering() as (cycle, seen):
            cycle.default_headers = dates
            await cycle.send(head(TYPE, length(data), TYPE, (b"x-request-id", name)))
            await cycle.send(body(data))
            (whole,) = await sent(seen)
        fields = (date, TYPE, length(data), TYPE, (b"x-request-id", name))
        assert whole == b"HTTP/1.1 200 OK\r\n%b\r\n%b" % (b"".join(b"%b: %b\r\n" % each for each in fields), data)


async def test_heads_are_kept_up_to_a_bound() -> None:
    dates = [DATE]
    for number in range(200):
        async with answering() as (cycle, seen):
            cycle.default_headers = dates
            await cycle.send(head((b"set-cookie", b"%d" % number), length(b"ok"), ID))
            await cycle.send(body(b"ok"))
            assert b"set-cookie: %d\r\n" % number in (await sent(seen))[0]
    assert len(WholeAnswers._heads.known) <= 64


async def test_a_streams_head_waits_for_nothing() -> None:
    async with answering() as (cycle, seen):
        await cycle.send(head((b"content-type", b"text/event-stream")))
        assert b"transfer-encoding: chunked\r\n\r\n" in (await sent(seen))[0]
        await cycle.send(body(b":\n\n", more=True))
        assert (await sent(seen))[-1] == b"3\r\n:\n\n\r\n"
        assert not cycle.response_complete


async def test_a_body_in_parts_goes_part_by_part_behind_its_head() -> None:
    async with answering() as (cycle, seen):
        await cycle.send(head(length(b"abcd")))
        await cycle.send(body(b"ab", more=True))
        await cycle.send(body(b"cd"))
        whole = b"".join(await sent(seen))
    assert whole.endswith(b"\r\n\r\nabcd")


async def test_an_answer_to_head_has_no_body() -> None:
    async with answering("HEAD") as (cycle, seen):
        await cycle.send(head(length(b"abcd")))
        await cycle.send(body(b"abcd"))
        whole = b"".join(await sent(seen))
    assert whole.endswith(b"content-length: 4\r\n\r\n")


@pytest.mark.parametrize("told", [b"3", b"5"])
async def test_a_body_of_another_length_than_told_is_nobodys_answer(told: bytes) -> None:
    async with answering() as (cycle, _):
        await cycle.send(head((b"content-length", told)))
        with pytest.raises(RuntimeError, match="Content-Length"):
            await cycle.send(body(b"abcd"))


@pytest.mark.parametrize("behind", [(), (ID,)])
@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b=c", b"a\nb", b"a\rb", b"a\0b"])
async def test_no_value_of_a_field_begins_another_one(value: bytes, behind: tuple[tuple[bytes, bytes], ...]) -> None:
    async with answering() as (cycle, seen):
        await cycle.send(head(length(b"ok"), (b"x-told", value), *behind))
        with pytest.raises(RuntimeError, match="header value"):
            await cycle.send(body(b"ok"))
        assert await sent(seen) == []


@pytest.mark.parametrize("raises", [True, False])
async def test_whoever_gives_up_before_the_body_has_said_nothing_and_is_answered_for(raises: bool) -> None:
    async def gives_up(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(head(TYPE, length(b"ok")))
        if raises:
            raise OSError("its file is gone")

    async with answering() as (cycle, seen):
        await cycle.run_asgi(gives_up)  # type: ignore[arg-type]  # ASGI's types, as Starlette has them
        await asyncio.wait_for(seen.gone.wait(), 5)
    whole = b"".join(seen.reads)
    assert whole.startswith(b"HTTP/1.1 500 ")
    assert whole.count(b"HTTP/1.1 ") == 1
    assert whole.endswith(b"Internal Server Error")


async def test_a_second_head_is_nobodys_body() -> None:
    async with answering() as (cycle, _):
        await cycle.send(head(length(b"ok")))
        with pytest.raises(RuntimeError, match=r"http\.response\.body"):
            await cycle.send(head(length(b"ok")))


async def test_a_last_body_may_go_without_saying() -> None:
    async with answering() as (cycle, seen):
        await cycle.send(head(length(b"")))
        await cycle.send({"type": "http.response.body"})
        whole = b"".join(await sent(seen))
    assert whole.endswith(b"content-length: 0\r\n\r\n")


async def test_a_connection_that_is_not_kept_is_told_so_and_closed() -> None:
    async with answering(keep_alive=False) as (cycle, seen):
        await cycle.send(head(length(b"ok")))
        await cycle.send(body(b"ok"))
        await asyncio.wait_for(seen.gone.wait(), 5)
    assert b"".join(seen.reads).endswith(b"connection: close\r\n\r\nok")


@pytest.mark.parametrize("behind", [(), (ID,)])
async def test_an_answer_may_end_its_connection_itself(behind: tuple[tuple[bytes, bytes], ...]) -> None:
    async with answering() as (cycle, seen):
        await cycle.send(head(length(b"ok"), (b"connection", b"close"), *behind))
        await cycle.send(body(b"ok"))
        await asyncio.wait_for(seen.gone.wait(), 5)
    assert b"".join(seen.reads).count(b"connection: close") == 1
