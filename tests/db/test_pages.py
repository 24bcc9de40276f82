"""A cursor is the place of a row in one list: it reads back to the letter, and no other list takes it."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import BadCursor, BadValue
from db.filters import All, Test
from db.pages import CursorCodec, Key, Page, PageRequest, SortKey, binding_of
from db.tenancy import TenantId
from tests.support.plant import MINE, NOON, THEIRS, Floor
from tests.support.properties import bounded

KEY, NEXT_KEY = b"k" * 32, b"n" * 32
CODEC = CursorCodec([KEY])
ORDER = (SortKey("created_at", descending=True), SortKey("total"))
PARTS = (Test("status", "in", ["PENDING"]), Test("due_at", "gt", NOON))
WHERE = All(PARTS)
BINDING = binding_of(MINE, "order", ORDER, WHERE, ["zoe"])
PLACE: Key = (NOON + timedelta(microseconds=1), 1250, "f" * 32)
CURSOR = CODEC.encode(BINDING, PLACE)
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.datetimes(timezones=st.just(UTC)),
)


@bounded(300)
@given(st.lists(VALUES, min_size=1, max_size=4).map(tuple))
def test_a_cursor_gives_back_its_key_to_the_letter(key: Key) -> None:
    assert CODEC.decode(BINDING, CODEC.encode(BINDING, key)) == key


@pytest.mark.parametrize(
    "binding",
    [
        binding_of(THEIRS, "order", ORDER, WHERE, ["zoe"]),
        binding_of(MINE, "customer", ORDER, WHERE, ["zoe"]),
        binding_of(MINE, "order", ORDER[::-1], WHERE, ["zoe"]),
        binding_of(MINE, "order", ORDER[:1], WHERE, ["zoe"]),
        binding_of(MINE, "order", (SortKey("created_at"), ORDER[1]), WHERE, ["zoe"]),
        binding_of(MINE, "order", (SortKey("created_at", True, nulls_last=False), ORDER[1]), WHERE, ["zoe"]),
        binding_of(MINE, "order", ORDER, None, ["zoe"]),
        binding_of(MINE, "order", ORDER, All([Test("status", "in", ["CANCELLED"]), PARTS[1]]), ["zoe"]),
        binding_of(MINE, "order", ORDER, All([PARTS[0], Test("due_at", "gte", NOON)]), ["zoe"]),
        binding_of(MINE, "order", ORDER, All([PARTS[0], Test("due_at", "gt", PLACE[0])]), ["zoe"]),
        binding_of(MINE, "order", ORDER, WHERE, []),
        binding_of(MINE, "order", ORDER, WHERE, ["zo", "e"]),
    ],
    ids=[
        "tenant",
        "noun",
        "sequence",
        "fields",
        "direction",
        "nulls",
        "no-filter",
        "list",
        "operator",
        "time",
        "no-words",
        "words",
    ],
)
def test_a_cursor_of_another_list_is_refused(binding: bytes) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(binding, CURSOR)


def test_the_same_list_has_the_same_binding() -> None:
    same = All([Test("status", "in", ["PENDING"]), Test("due_at", "gt", NOON.replace())])
    assert binding_of(TenantId(MINE.hex), "order", tuple(ORDER), same, ("zoe",)) == BINDING


def test_another_keys_cursor_is_refused_and_a_rotated_one_is_not() -> None:
    with pytest.raises(BadCursor):
        CursorCodec([NEXT_KEY]).decode(BINDING, CURSOR)
    assert CursorCodec([NEXT_KEY, KEY]).decode(BINDING, CURSOR) == PLACE


def test_a_new_key_signs() -> None:
    fresh = CursorCodec([NEXT_KEY, KEY]).encode(BINDING, PLACE)
    assert CursorCodec([NEXT_KEY]).decode(BINDING, fresh) == PLACE


@pytest.mark.parametrize("length", range(len(CURSOR)))
def test_a_truncated_cursor_is_refused(length: int) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(BINDING, CURSOR[:length])


@bounded(200)
@given(st.integers(0, len(base64.urlsafe_b64decode(CURSOR + "=" * (-len(CURSOR) % 4))) * 8 - 1))
def test_a_cursor_with_one_bit_turned_is_refused(bit: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(CURSOR + "=" * (-len(CURSOR) % 4)))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadCursor):
        CODEC.decode(BINDING, base64.urlsafe_b64encode(raw).decode())


@bounded(200)
@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda b: base64.urlsafe_b64encode(b).decode())))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(BINDING, text)


@pytest.mark.parametrize("text", ["", "é", "\0", "\ud800", CURSOR + "\n", " " + CURSOR, CURSOR + "AAAA", "A" * 100_000])
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        CODEC.decode(BINDING, text)


def test_a_cursor_is_plain_text_that_a_url_can_carry() -> None:
    assert CURSOR.replace("-", "").replace("_", "").isalnum()
    assert CURSOR.isascii()


@pytest.mark.parametrize("value", ["\ud800", 2**64, ["\udfff"]], ids=["surrogate", "integer", "list"])
def test_a_filter_that_no_column_can_hold_is_a_bad_value(value: object) -> None:
    with pytest.raises(BadValue):
        binding_of(MINE, "order", ORDER, Test("notes", "eq", value), [])


async def test_the_key_of_a_row_is_its_sort_values_and_its_id(floor: Floor) -> None:
    row = {"id": "f" * 32, "created_at": datetime(2026, 1, 1, tzinfo=UTC), "total": 5, "notes": "x"}
    page = Page(PageRequest(ORDER, 5), [], more=False)
    assert page.key_of(row) == (row["created_at"], 5, row["id"])  # type: ignore[arg-type]  # reads as a row does
