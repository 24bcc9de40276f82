"""The page of error codes is the tables, and is checked in as they are."""

from pathlib import Path

from schema.errors import CODES
from schema.user_errors import UserErrorCode
from web.cli.error_page import error_page
from web.negotiation import STATUSES

DOCS = Path(__file__).parents[3] / "docs"


def test_every_code_stands_on_the_page_with_its_statuses() -> None:
    page = error_page()
    for code, meaning in CODES.items():
        assert f"| `{code}` | {meaning} | {STATUSES[code][0]} | {STATUSES[code][1]} |" in page
    assert all(f"`{member.value}`" in page for member in UserErrorCode)


def test_the_page_that_is_checked_in_is_what_the_code_says() -> None:
    assert (DOCS / "errors.md").read_text() == error_page(), "docs/errors.md drifted: run `make schema`"
