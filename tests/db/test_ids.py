"""Ids are UUIDv7 as hex inside and prefixed text outside; nothing else passes for one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.ids import PREFIXES, BadId, hex_of, new_id, prefix_of, public_id
from tests.support.properties import bounded

HEX = st.text("0123456789abcdef", min_size=32, max_size=32)


def test_a_new_id_is_a_uuid_of_version_seven_and_of_this_moment() -> None:
    before, made, after = time.time_ns() // 10**6, new_id(), time.time_ns() // 10**6
    assert len(made) == 32
    assert made[12] == "7"
    assert before <= int(made[:12], 16) <= after + 1


def test_new_ids_are_distinct_and_ascend() -> None:
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)


@bounded(50)
@given(st.sampled_from(sorted(PREFIXES.values())), HEX)
def test_a_public_id_gives_back_its_hex_and_its_prefix(prefix: str, digits: str) -> None:
    assert hex_of(public_id(prefix, digits), prefix) == digits
    assert prefix_of(public_id(prefix, digits)) == prefix


@pytest.mark.parametrize(
    "public",
    [
        "",
        "ord_",
        "ord",
        "0" * 32,
        "cus_" + "0" * 32,
        "ord_" + "0" * 31,
        "ord_" + "0" * 33,
        "ord_" + "A" * 32,
        "ord_" + "g" * 32,
        "ord_" + "٣" * 32,
        "ord_" + "0" * 32 + "\n",
        " ord_" + "0" * 32,
        "ord_00000000-0000-7000-8000-000000000001",
        "ord_" + "0" * 31 + "\0",
    ],
)
def test_what_is_not_an_order_id_is_refused(public: str) -> None:
    with pytest.raises(BadId):
        hex_of(public, "ord")


@bounded(100)
@given(st.text())
def test_any_text_is_an_id_or_is_refused_by_name(text: str) -> None:
    try:
        assert public_id(prefix_of(text), text.partition("_")[2]) == text
    except BadId:
        return
