"""Addresses: one spelling each, and none that looks like another's."""

import pytest

from auth.emails import looks_like_itself, new_email, normal_email
from auth.errors import OperatorError
from auth.operators import create_user
from tests.support.people import PASSWORD, People


@pytest.mark.parametrize(
    "text",
    ["", "@", "a@", "@b", "a b@c", "a\x00@b", "a@b\ud800", "a\n@b", "x" * 250 + "@b.cd", "no address", "a\u200b@b.c"],
)
def test_text_that_is_no_address_has_no_spelling(text: str) -> None:
    assert normal_email(text) is None


def test_one_address_has_one_spelling() -> None:
    assert normal_email(" Zoe\u0301@Example.ORG ") == normal_email("zo\u00e9@example.org") == "zo\u00e9@example.org"


@pytest.mark.parametrize(
    "email",
    [
        "ann@acme.example",
        "o'neill+tides@acme.example",
        "zoé@acme.example",
        "søren@acme.example",
        "łukasz@straße.example",
    ],
)
def test_plain_letters_and_letters_with_accents_are_what_they_seem(email: str) -> None:
    assert looks_like_itself(email)


LOOK_ALIKES = {
    "a Cyrillic a": "\u0430dmin@acme.example",
    "a Greek o": "\u03bfmega@acme.example",
    "all of it Cyrillic": "\u0430\u0440\u0435@\u0430\u0441\u043c\u0435.example",
    "a dotless i": "adm\u0131n@acme.example",
    "a Latin alpha": "\u0251dmin@acme.example",
    "a script g": "re\u0261@acme.example",
    "a fullwidth a": "\uff41dmin@acme.example",
    "a mathematical a": "\U0001d41admin@acme.example",
    "a Roman numeral": "ba\u217c@acme.example",
    "a ligature": "o\ufb03ce@acme.example",
    "an Armenian o": "\u0585mega@acme.example",
    "a Cherokee letter": "\u13a0dmin@acme.example",
    "a fullwidth at": "ann\uff20acme.example@acme.example",
    "a mark on a digit": "ann1\u0301@acme.example",
    "a mark on nothing": "\u0301ann@acme.example",
    "a digit of another script": "ann\u0661@acme.example",
    "a fraction slash": "a\u2044b@acme.example",
    "a hyphen that is none": "ann\u2010lee@acme.example",
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
async def test_a_letter_that_looks_like_another_makes_no_new_user(people: People, name: str) -> None:
    before = await people.run("SELECT count(*) FROM users")
    with pytest.raises(OperatorError):
        await create_user(people.directory, people.passwords, LOOK_ALIKES[name], "Ann", PASSWORD)
    assert await people.run("SELECT count(*) FROM users") == before


async def test_another_users_address_but_for_accents_is_refused(people: People) -> None:
    email = await people.user()
    local, _, host = email.partition("@")
    for other in (f"{local}@p\u00e9ople.example", f"{local}@peop\u1e37e.example"):
        with pytest.raises(OperatorError, match="another user"):
            await new_email(people.directory, other)
    assert host == "people.example"
    assert await new_email(people.directory, f"{local}@th\u00e9re.example") == f"{local}@th\u00e9re.example"
