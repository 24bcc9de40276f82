"""`tidegate schema` writes the printed schema, or shows how it drifted."""

from pathlib import Path

import pytest

from schema import root
from tests.support.command_line import CommandLine
from web.cli.schema import difference


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A schema folder of its own."""
    monkeypatch.setattr(root, "__file__", str(tmp_path / "root.py"))
    return tmp_path / "schema.graphql"


def test_it_writes_what_the_code_says(tidegate: CommandLine, kept: Path) -> None:
    assert tidegate("schema").code == 0
    assert kept.read_text() == root.sdl()


def test_what_is_up_to_date_passes_the_check(tidegate: CommandLine, kept: Path) -> None:
    kept.write_text(root.sdl())
    outcome = tidegate("schema", "--check")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_drift_is_shown_with_the_command_that_mends_it(tidegate: CommandLine, kept: Path) -> None:
    kept.write_text(root.sdl().replace("type Order ", "type Ordre "))
    outcome = tidegate("schema", "--check")
    assert outcome.code == 1
    assert "-type Ordre" in outcome.err
    assert "+type Order" in outcome.err
    assert outcome.err.endswith("run `make schema`.\n")
    assert "type Ordre" in kept.read_text(), "a check writes nothing"


def test_no_difference_is_no_text() -> None:
    assert difference("a\nb\n", "a\nb\n") == ""
