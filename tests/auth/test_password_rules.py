"""Which passwords are taken."""

import pytest

from auth.errors import OperatorError
from auth.password_rules import LONGEST, SHORTEST, check_new_password
from auth.passwords import make_password

EMAIL, NAME = "mariana@northwind.example", "Mariana Okonkwo"
EASY = {
    "a common one": "finalfantasy",
    "a common one in capitals": "CounterStrike",
    "a common one with digits behind": "password1234!",
    "a common one with signs around": "!!Football2026!!",
    "one letter": "a" * 20,
    "a few letters": "abababcabcab1",
    "something short again and again": "tide-tide-tide-tide-",
    "digits in a row": "123456789012",
    "digits in a row, backwards": "098765432109",
    "the alphabet": "abcdefghijklmn",
    "a row of the keyboard": "qwertyuiopasdf",
    "a row of a German keyboard": "qwertzuiopasdf",
    "the own name": "mariana-2026!",
    "the own address": "northwind 2026",
    "the own family's name": "Okonkwo12345678",
}


@pytest.mark.parametrize("name", EASY)
def test_what_anybody_would_try_first_is_refused(name: str) -> None:
    with pytest.raises(OperatorError) as refused:
        check_new_password(EASY[name], EMAIL, NAME)
    assert EASY[name] not in refused.value.message


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "lamp drift onion", "éàü êîô çñø åæœ", "mariana and a tidal bore", "x7Kp2mQ9vR4t",
     "\U0001f40b whales sing \U0001f40b", "   spaces count too"],
)  # fmt: skip
def test_length_counts_and_kinds_of_characters_do_not(password: str) -> None:
    check_new_password(password, EMAIL, NAME)


@pytest.mark.parametrize(
    "password", ["", "short words", "x7Kp2mQ9vR4", "lamp drift onion" * 65, "lamp drift \ud800 onion"]
)
def test_a_password_of_the_wrong_length_or_of_no_characters_is_refused(password: str) -> None:
    with pytest.raises(OperatorError, match=f"{SHORTEST} to {LONGEST} characters"):
        check_new_password(password)


def test_a_password_that_we_make_is_taken() -> None:
    for _ in range(500):
        check_new_password(make_password(), EMAIL, NAME)
