"""What counts as a secret, and what does not."""

import pytest

from web.redaction import is_secret_name, mask_text, redact


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://app:p@ss@h/db", "postgresql://app:***@h/db"),
        ("redis://:secret@localhost:6379/0", "redis://:***@localhost:6379/0"),
        ("postgresql://app@h/db", "postgresql://app@h/db"),
        ("https://example.org/a:b@c", "https://example.org/a:b@c"),
        ("GET /cb?code=abc&x=1", "GET /cb?code=***&x=1"),
        ("Authorization: Bearer eyJhbGciOi.J9", "Authorization: Bearer ***"),
        ("the bearer of news", "the bearer of news"),
        ("nothing secret at 12:30", "nothing secret at 12:30"),
    ],
)
def test_secrets_inside_text_are_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "name", ["passwords", "client_secret", "X-GraphQL-Event-Stream-Token", "Cookie", "credentials"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["event", "order", "tenant", "cursor", "path", "author", "passed", "token_count"])
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


def test_an_absent_secret_is_shown_as_absent() -> None:
    assert redact({"token": None, "password": True}) == {"token": None, "password": True}


def test_a_bottomless_value_ends() -> None:
    bottomless: list[object] = []
    bottomless.append(bottomless)
    assert "…" in str(redact(bottomless))
