"""Events as parts, byte for byte."""

import json
from typing import Any

import pytest

from web.sse.messages import COMPLETE, OPENING, next_event, ping, retry
from web.sse.multipart import END, parts_of


def read(data: bytes) -> tuple[list[Any], bool]:  # Any: JSON
    """The bodies of a stream that begins here, as RFC 2046 has them, and whether it was closed."""
    assert data.startswith(b"\r\n--graphql")
    closed = data.endswith(b"\r\n--graphql" + END)
    pieces = data.split(b"\r\n--graphql")[1:]
    assert pieces[-1] == (END if closed else b"")
    heads = [piece.partition(b"\r\n\r\n") for piece in pieces[:-1]]
    assert {head for head, _, _ in heads} == {b"\r\nContent-Type: application/json"}
    return [json.loads(body) for _, _, body in heads], closed


def test_a_result_is_a_payload_with_its_cursor() -> None:
    events = next_event(b'{"data":1,"extensions":{"cursor":"a"}}', "a") + next_event(b'{"data":2}')
    assert read(parts_of(OPENING) + parts_of(events)) == (
        [{}, {"payload": {"data": 1, "extensions": {"cursor": "a"}}}, {"payload": {"data": 2}}],
        False,
    )


@pytest.mark.parametrize("comment", [ping(), ping("a-cursor")])
def test_a_comment_is_a_part_that_clients_pass_over(comment: bytes) -> None:
    assert read(parts_of(OPENING) + parts_of(comment)) == ([{}, {}], False)


def test_what_is_complete_is_closed() -> None:
    data = parts_of(OPENING) + parts_of(next_event(b'{"data":1}') + COMPLETE)
    assert read(data) == ([{}, {"payload": {"data": 1}}], True)


def test_a_server_that_goes_down_says_so_with_where_to_go_on() -> None:
    (_, told), closed = read(parts_of(OPENING) + parts_of(retry(1500, "a-cursor")))
    (error,) = told["errors"]
    assert (told["payload"], closed) == (None, True)
    assert error["extensions"] == {"code": "DRAINING", "retryMilliseconds": 1500, "cursor": "a-cursor"}


def test_text_that_looks_like_a_delimiter_is_none() -> None:
    payload = b'{"data":"\\r\\n--graphql"}'
    assert read(parts_of(OPENING) + parts_of(next_event(payload)))[0][1] == {"payload": {"data": "\r\n--graphql"}}
