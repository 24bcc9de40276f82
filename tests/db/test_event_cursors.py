"""A stream's cursor says one place of one tenant's log in one cluster, and takes no other reading."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import BadCursor, CursorExpired
from db.event_cursors import EventCursorCodec, epoch_of
from db.events import Position
from tests.support.plant import MINE, NOON, THEIRS
from tests.support.properties import bounded

KEY, NEXT_KEY = b"k" * 32, b"n" * 32
CODEC = EventCursorCodec([KEY], epoch=7)
PLACE = Position(12, NOON + timedelta(microseconds=1))
CURSOR = CODEC.encode(MINE, PLACE)
TIMES = st.datetimes(timezones=st.just(UTC))


@bounded(200)
@given(st.integers(0, 2**63 - 1), TIMES)
def test_a_cursor_gives_back_its_place_to_the_microsecond(seq: int, ts: datetime) -> None:
    assert CODEC.decode(MINE, CODEC.encode(MINE, Position(seq, ts))) == Position(seq, ts)


def test_a_cursor_is_plain_text_that_a_header_can_carry() -> None:
    assert CURSOR.replace("-", "").replace("_", "").isalnum()
    assert CURSOR.isascii()
    assert len(CURSOR) < 48


def test_another_tenants_cursor_is_refused() -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(THEIRS, CURSOR)


def test_another_keys_cursor_is_refused() -> None:
    with pytest.raises(BadCursor):
        EventCursorCodec([NEXT_KEY], epoch=7).decode(MINE, CURSOR)


def test_another_epochs_cursor_is_gone_and_not_wrong() -> None:
    with pytest.raises(CursorExpired):
        EventCursorCodec([KEY], epoch=8).decode(MINE, CURSOR)


def test_a_new_key_signs_and_the_old_one_still_verifies() -> None:
    rotated = EventCursorCodec([NEXT_KEY, KEY], epoch=7)
    assert rotated.decode(MINE, CURSOR) == PLACE
    assert EventCursorCodec([NEXT_KEY], epoch=7).decode(MINE, rotated.encode(MINE, PLACE)) == PLACE


@pytest.mark.parametrize("length", range(len(CURSOR)))
def test_a_truncated_cursor_is_refused(length: int) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(MINE, CURSOR[:length])


@pytest.mark.parametrize("text", [CURSOR + "=" * (-len(CURSOR) % 4), CURSOR[:-1] + chr(ord(CURSOR[-1]) + 1)])
def test_a_cursor_has_one_text(text: str) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(MINE, text)


@pytest.mark.parametrize("bit", range(0, 28 * 8, 3))
def test_a_cursor_with_one_bit_turned_is_refused(bit: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(CURSOR + "=" * (-len(CURSOR) % 4)))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadCursor):
        CODEC.decode(MINE, base64.urlsafe_b64encode(raw).decode().rstrip("="))


@bounded(200)
@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode())))
def test_any_other_text_is_refused_as_a_bad_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(MINE, text)


@pytest.mark.parametrize("text", ["", "é", "\0", "\ud800", CURSOR + "\n", " " + CURSOR, CURSOR + "A", "A" * 100_000])
def test_hostile_text_is_refused_as_a_bad_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(MINE, text)


def test_an_epoch_is_32_bits_and_differs_by_cluster_and_timeline() -> None:
    epochs = {epoch_of(system, timeline) for system in (1, 2**63) for timeline in (1, 2, 3)}
    assert len(epochs) == 6
    assert all(0 <= epoch < 2**32 for epoch in epochs)
