"""API keys as text, and what they may do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.api_keys import (
    LENGTH,
    KeyClaim,
    checked_grants,
    is_right,
    make_key,
    narrowed,
    read_key,
)
from auth.errors import BadKey, OperatorError
from auth.permissions import PERMISSIONS, PermissionSet

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ADMIN = PermissionSet.of({"orders:*", "customers:read"})


def test_a_made_key_is_read_back_and_is_right() -> None:
    text, name, stored = make_key()
    claim = read_key(text)
    assert (claim.name, len(text)) == (name, LENGTH)
    assert is_right(claim, stored)


def test_the_name_tells_nothing_of_the_secret() -> None:
    text, name, stored = make_key()
    assert text.startswith(name)
    assert text[len(name) :].encode() not in stored


def test_keys_differ() -> None:
    assert len({make_key()[1] for _ in range(200)}) == 200


@given(place=st.integers(4, LENGTH - 1), step=st.integers(1, len(_ALPHABET) - 1))
def test_a_mistyped_key_is_told_by_its_checksum(place: int, step: int) -> None:
    text, *_ = make_key()
    other = _ALPHABET[(_ALPHABET.index(text[place]) + step) % len(_ALPHABET)]
    with pytest.raises(BadKey):
        read_key(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize(
    "text", ["tgk_", "tgk_x", "tgk_" + "0" * (LENGTH - 4), "tgk_" + "é" * (LENGTH - 4), "tgk_" + "0" * 10**6]
)
def test_what_was_never_a_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        read_key(text)


def test_another_secret_and_an_unknown_key_are_wrong() -> None:
    (mine, _, _), (_, _, other) = make_key(), make_key()
    assert not is_right(read_key(mine), other)
    assert not is_right(read_key(mine), None)
    assert not is_right(KeyClaim("tgk_000000000000", b"\0" * 32), None)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (["orders:read"], {"orders:read"}),
        (["orders:*"], {"orders:*"}),
        (["customers:*"], {"customers:read"}),
        (["products:read"], set()),
        (["admin:*", "orders:write"], {"orders:write"}),
    ],
)
def test_a_key_has_what_its_maker_has_and_no_more(wanted: list[str], kept: set[str]) -> None:
    assert narrowed(wanted, ADMIN) == kept


@given(
    st.sets(st.sampled_from([*PERMISSIONS, "orders:*", "customers:*", "admin:*"])),
    st.sets(st.sampled_from([*PERMISSIONS, "orders:*", "customers:*", "admin:*"])),
)
def test_narrowed_grants_are_allowed_exactly_what_both_allow(wanted: set[str], held: set[str]) -> None:
    narrow, asked, maker = (
        PermissionSet(narrowed(wanted, PermissionSet.of(held))),
        PermissionSet.of(wanted),
        PermissionSet.of(held),
    )
    for permission in PERMISSIONS:
        assert narrow.allows(permission) == (asked.allows(permission) and maker.allows(permission))


@pytest.mark.parametrize("wanted", [[], ["orders:fly"], ["products:read"], ["customers:*"], ["*"], ["orders"]])
def test_a_key_is_not_made_with_what_its_maker_lacks(wanted: list[str]) -> None:
    with pytest.raises(OperatorError):
        checked_grants(wanted, ADMIN)
