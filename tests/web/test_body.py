"""A body is counted while it comes, and never waited for without end."""

import asyncio

import pytest
from starlette.types import Message, Receive

from web import body
from web.body import MAX_BODY, fields_of, read_json_body
from web.refusals import ClientGone, Refusal

JSON = {b"content-type": b"application/json"}


def sending(*messages: Message) -> Receive:
    pending = list(messages)

    async def receive() -> Message:
        return pending.pop(0)

    return receive


def chunk(data: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


async def status_of(fields: dict[bytes, bytes], receive: Receive) -> int | None:
    with pytest.raises(Refusal) as caught:
        await read_json_body(fields, receive)
    assert caught.value.code == "BAD_REQUEST"
    return caught.value.status


async def test_a_body_in_one_piece_and_in_many_is_the_same() -> None:
    whole = await read_json_body(JSON, sending(chunk(b"abc", more=False)))
    pieces = await read_json_body(JSON, sending(chunk(b"a"), chunk(b""), chunk(b"bc"), chunk(b"", more=False)))
    assert whole == pieces == b"abc"


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    data = b"x" * MAX_BODY
    assert await read_json_body(JSON, sending(chunk(data, more=False))) == data


async def test_a_length_beyond_the_limit_is_refused_before_anything_is_read() -> None:
    assert await status_of({**JSON, b"content-length": b"1000001"}, sending()) == 413
    assert await status_of({**JSON, b"content-length": b"9" * 100}, sending()) == 413
    assert await status_of({**JSON, b"content-length": b"-1"}, sending()) == 413


async def test_chunks_beyond_the_limit_are_refused_as_soon_as_they_are() -> None:
    half = chunk(b"x" * (MAX_BODY // 2))
    assert await status_of(JSON, sending(half, half, chunk(b"x"))) == 413


@pytest.mark.parametrize("content_type", [b"", b"text/plain", b"application/json; charset=utf-16"])
async def test_another_content_type_is_refused(content_type: bytes) -> None:
    assert await status_of({b"content-type": content_type}, sending()) == 415


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"deflate", b"gzip, identity"])
async def test_a_compressed_body_is_refused(encoding: bytes) -> None:
    assert await status_of({**JSON, b"content-encoding": encoding}, sending()) == 415


async def test_a_client_that_hangs_up_is_gone() -> None:
    with pytest.raises(ClientGone):
        await read_json_body(JSON, sending(chunk(b"{"), {"type": "http.disconnect"}))


def trickling(*messages: Message) -> Receive:
    """Each message only after the loop has turned."""
    pending = list(messages)

    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return pending.pop(0)

    return receive


async def test_a_body_that_trickles_in_is_waited_for() -> None:
    assert await read_json_body(JSON, trickling(chunk(b"a"), chunk(b"b"), chunk(b"c", more=False))) == b"abc"
    half = chunk(b"x" * (MAX_BODY // 2))
    assert await status_of(JSON, trickling(half, half, chunk(b"x"))) == 413


async def test_a_client_that_hangs_up_while_it_is_waited_for_is_gone() -> None:
    with pytest.raises(ClientGone):
        await read_json_body(JSON, trickling(chunk(b"{"), {"type": "http.disconnect"}))


async def test_waiting_for_a_body_can_be_cancelled_and_ends_what_was_begun() -> None:
    ended = []

    async def receive() -> Message:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        raise AssertionError

    reading = asyncio.ensure_future(read_json_body(JSON, receive))
    await asyncio.sleep(0.001)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert ended == [True]


async def test_a_body_that_does_not_come_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(body, "BODY_SECONDS", 0.01)
    assert await status_of(JSON, receive) == 408


def test_fields_of_one_name_are_joined() -> None:
    scope = {"headers": [(b"accept", b"text/html"), (b"host", b"x"), (b"accept", b"*/*")]}
    assert fields_of(scope) == {b"accept": b"text/html,*/*", b"host": b"x"}
