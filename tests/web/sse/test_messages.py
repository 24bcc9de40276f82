"""Frames, byte for byte."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import bounded
from web.sse.messages import COMPLETE, OPENING, PING, next_event, ping

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_result_is_a_next_event() -> None:
    assert next_event(b'{"data":1}') == b'event: next\ndata: {"data":1}\n\n'


def test_a_result_of_the_log_carries_its_cursor_as_id() -> None:
    assert next_event(b"{}", "aB3-_") == b"event: next\nid: aB3-_\ndata: {}\n\n"


def test_the_end_has_data_so_that_browsers_tell_it() -> None:
    assert COMPLETE == b"event: complete\ndata:\n\n"


def test_the_first_bytes_are_a_comment_and_when_to_come_back() -> None:
    assert OPENING == b":\n\nretry: 1000\n\n"


def test_a_ping_is_a_comment_and_moves_the_id_if_told_to() -> None:
    assert ping() == PING == b":\n\n"
    assert ping("abc") == b":\nid: abc\n\n"


@pytest.mark.parametrize("cursor", ["", "a\nb", "a b", "a\rb", "ä", "a\0", "x" * 201, "a:b", "\u2028"])
def test_a_cursor_that_would_break_a_line_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        next_event(b"{}", cursor)
    with pytest.raises(ValueError, match="cursor"):
        ping(cursor)


@pytest.mark.parametrize("payload", [b"{\n}", b"{\r}", b"{}\r\n"])
def test_a_payload_of_several_lines_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="one line"):
        next_event(payload)


@given(st.dictionaries(TEXT, TEXT | st.just("\u2028\u2029\x85\x0b\x0c\x1c"), max_size=5))
@bounded(300)
def test_whatever_text_a_result_holds_it_stays_on_one_line_for_everybody(value: dict[str, str]) -> None:
    frame = next_event(orjson.dumps(value), "c")
    lines = frame.decode().splitlines()  # splits where the widest rule does
    assert (lines[0], lines[1], lines[3:]) == ("event: next", "id: c", [""])
    assert json.loads(lines[2].removeprefix("data: ")) == value


@given(TEXT)
@bounded(200)
def test_no_frame_has_a_carriage_return(text: str) -> None:
    assert b"\r" not in next_event(orjson.dumps([text])) + COMPLETE + OPENING + PING
