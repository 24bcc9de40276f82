"""What was sealed is opened by who has the key, and nothing else is."""

import pytest

from web.sse.seal import Seal

NEW, OLD = b"the newest key", b"an older key"
TEXT = '{"name":"Größe\u2028"}'.encode()


def test_what_was_sealed_comes_back() -> None:
    assert Seal((NEW, OLD)).open(Seal((NEW, OLD)).close(TEXT)) == TEXT


def test_an_older_key_still_verifies_and_no_longer_signs() -> None:
    assert Seal((NEW, OLD)).open(Seal((OLD,)).close(TEXT)) == TEXT
    assert Seal((OLD,)).open(Seal((NEW, OLD)).close(TEXT)) is None


@pytest.mark.parametrize("place", [0, 30, 63, 64, 65, 70, -1])
def test_no_character_can_be_changed(place: int) -> None:
    sealed = list(Seal((NEW,)).close(TEXT))
    sealed[place] = "0" if sealed[place] != "0" else "1"
    assert Seal((NEW,)).open("".join(sealed)) is None


@pytest.mark.parametrize("sealed", ["", ".", "x", "é" * 64 + ".x", "0" * 64, "0" * 64 + ".", "\ud800" * 70])
def test_nonsense_is_not_opened(sealed: str) -> None:
    assert Seal((NEW,)).open(sealed) is None
