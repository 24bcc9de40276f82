"""The demo's one screen."""

import io
import json
import re
import shlex

import pytest
from rich.console import Console

from web.cli.demo_screen import QUERY, STREAM, Screen, plain, show
from web.cli.demo_state import emails

LONG_TOKEN = "t" * 400


@pytest.fixture
def screen() -> Screen:
    passwords = {email: f"word-{place:02d}-word" for place, email in enumerate(emails())}
    return Screen("http://127.0.0.1:8000", passwords, LONG_TOKEN, "admin@acme.example", 1.5, ("Ctrl-C stops it.",))


def shown(screen: Screen, *, terminal: bool, width: int = 80, no_color: bool = False) -> str:
    out = io.StringIO()
    show(screen, Console(file=out, force_terminal=terminal, width=width, no_color=no_color, color_system="standard"))
    return out.getvalue()


def without_styles(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", text)


def test_without_a_terminal_it_is_plain_text(screen: Screen) -> None:
    assert shown(screen, terminal=False) == plain(screen)
    assert "\x1b" not in plain(screen)


@pytest.mark.parametrize("terminal", [True, False])
def test_every_login_stands_on_it_with_its_password(screen: Screen, terminal: bool) -> None:
    text = without_styles(shown(screen, terminal=terminal))
    for email, password in screen.passwords.items():
        assert email in text
        assert password in text


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_pasted_is_one_line_however_narrow_the_terminal(screen: Screen, terminal: bool) -> None:
    lines = without_styles(shown(screen, terminal=terminal)).splitlines()
    assert screen.curl(QUERY) in lines
    assert screen.curl(STREAM, stream=True) in lines


def test_all_but_what_is_pasted_fits_eighty_columns(screen: Screen) -> None:
    lines = without_styles(shown(screen, terminal=True)).splitlines()
    assert max(len(line.rstrip()) for line in lines if not line.startswith("curl")) <= 80


def test_no_color_is_respected(screen: Screen) -> None:
    assert "\x1b[32m" in shown(screen, terminal=True)
    assert "\x1b[32m" not in shown(screen, terminal=True, no_color=True)


def test_a_shell_reads_the_curl_lines_as_they_are_meant(screen: Screen) -> None:
    words = shlex.split(screen.curl(STREAM, stream=True))
    assert words[:2] == ["curl", "-N"]
    assert "Accept: text/event-stream" in words
    assert f"Authorization: Bearer {LONG_TOKEN}" in words
    assert json.loads(words[-1]) == {"query": STREAM}


def test_an_answer_ends_its_line(screen: Screen) -> None:
    assert shlex.split(screen.curl(QUERY))[:4] == ["curl", "-s", "-w", r"\n"]
