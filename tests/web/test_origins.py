"""Which other sites' pages may use the server: those that are named, letter by letter."""

from typing import Any

import pytest
from pydantic import ValidationError

from web.origins import SHOWN, Origins, is_preflight, plain_origin
from web.settings import Settings

APP = "https://app.example"
ORIGINS = Origins([APP, "http://localhost:5173"])


def told(*given: str, method: str = "GET", **fields: str) -> tuple[dict[str, str], bool]:
    """What an answer says, and whether the request is a preflight that is answered at the door."""
    headers = [
        *(("origin", each) for each in given),
        *((name.replace("_", "-"), text) for name, text in fields.items()),
    ]
    scope: dict[str, Any] = {"method": method, "headers": [(name.encode(), text.encode()) for name, text in headers]}
    answer = ORIGINS.fields(scope)
    return {name.decode(): value.decode() for name, value in answer}, is_preflight(scope, answer)


@pytest.mark.parametrize("origin", [APP, "http://localhost:5173"])
def test_a_page_that_is_named_may_read_answers_with_its_credentials(origin: str) -> None:
    fields, _ = told(origin)
    assert fields == {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": ", ".join(SHOWN),
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    "origins",
    [[], ["null"], ["*"], [""], ["http://app.example"], [f"{APP}:443"], [f"{APP}.evil.example"], [f"{APP}/"],
     ["https://evil-app.example"], ["HTTPS://APP.EXAMPLE"], [f"{APP}, {APP}"], [APP, APP]],
)  # fmt: skip
def test_to_any_other_nothing_is_said_but_that_it_depends(origins: list[str]) -> None:
    assert told(*origins, method="OPTIONS", access_control_request_method="POST") == ({"vary": "Origin"}, False)


def test_only_a_named_pages_question_is_a_preflight() -> None:
    assert told(APP, method="OPTIONS", access_control_request_method="POST")[1]
    assert not told(APP, method="OPTIONS")[1]
    assert not told(APP, method="POST", access_control_request_method="POST")[1]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://App.Example", APP),
        (f"{APP}:443", APP),
        (f"{APP}:8443", f"{APP}:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(text: str, origin: str) -> None:
    assert plain_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    ["*", "null", "https://*", "https://*.example", f"{APP}/", f"{APP}/x", f"{APP}?x", f"{APP}#x", "app.example",
     "http://app.example", "https://a@app.example", "https://ä.example", "https://", f"{APP}:x", f"{APP}:0",
     "https://[bad", f"{APP} ", "https://app.example:99999"],
)  # fmt: skip
def test_what_is_no_origin_cannot_be_set(text: str) -> None:
    with pytest.raises(ValueError, match="no origin"):
        plain_origin(text)


def test_a_wildcard_is_refused_by_the_settings() -> None:
    with pytest.raises(ValidationError, match="no origin"):
        Settings(allowed_origins=("*",))
