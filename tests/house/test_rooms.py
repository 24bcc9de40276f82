"""What lies at the top, what each room says of itself, one noun in one file per floor, tests that mirror the house."""

import ast
import re
from fnmatch import fnmatch

import pytest

from tests.conftest import LONGEST
from tests.house.source import FLOORS, ROOT, ours, parse, python_files, read

_FILES = {"pyproject.toml", "requirements.lock", ".env.example", "README.md", "Makefile", "CHANGELOG.md", "LICENSE"}
_DOTS = {".ci", ".git", ".gitignore", ".gitattributes", ".editorconfig"}
_NOUNS = {"orders", "customers", "products"}


def test_nothing_else_lies_at_the_top() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line and line[0] != "#"]
    allowed = {*FLOORS, "tests", "docs", *_FILES, *_DOTS}
    strays = {
        p.name
        for p in ROOT.iterdir()
        if p.name not in allowed and not any(fnmatch(p.name, pattern) for pattern in ignored)
    }
    assert not strays, (
        f"{sorted(strays)} at the top: move it into a room, or write the decision record that lets it stay"
    )


@pytest.mark.parametrize("floor", FLOORS)
def test_a_room_says_first_what_lives_there_and_what_it_must_not_know(floor: str) -> None:
    says = ast.get_docstring(parse((ROOT / floor / "__init__.py").read_text())) or ""
    assert says.startswith(f"Floor {FLOORS.index(floor)}, "), (
        f"{floor}/__init__.py:1: begin with the floor and what lives there"
    )
    assert re.search(r"\b(no|not)\b", says), f"{floor}/__init__.py:1: say what the room must not know"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path
        for path in python_files(*FLOORS)
        if not (path.parts[:3] == ("db", "migrations", "versions") and path.name == "__init__.py")
        if ast.get_docstring(parse(read(path))) is None
    ]
    assert not silent, "\n".join(f"{path}:1: has no docstring; say in one sentence what it is for" for path in silent)


@pytest.mark.parametrize("floor", ["db", "resolvers", "schema"])
def test_a_noun_has_one_file_on_each_floor(floor: str) -> None:
    missing = sorted(noun for noun in _NOUNS if not (ROOT / floor / f"{noun}.py").is_file())
    assert not missing, f"{floor}/ has no file of its own for {', '.join(missing)}"


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in python_files("tests")}
    bare = sorted(f"{folder}/__init__.py" for folder in folders if not (ROOT / folder / "__init__.py").is_file())
    assert not bare, f"{', '.join(bare)}: missing, so tests/db would shadow db"


def test_tests_mirror_the_house() -> None:
    """``tests/db/test_pages.py`` and ``test_pages_backward.py`` prove ``db/pages.py``; folders answer to folders."""
    strays = []
    for floor in FLOORS:
        known = {entry.stem for entry in (ROOT / floor).iterdir()}
        for path in (entry for entry in python_files("tests") if entry.parts[1] == floor):
            subject = path.parts[2].removesuffix(".py").removeprefix("test_")
            mirrors = any(subject == name or subject.startswith(f"{name}_") for name in known)
            if not mirrors and subject not in {"__init__", "conftest"}:
                strays.append(f"{path}:1: proves no file of {floor}/; name it after the one whose promise it keeps")
    assert not strays, "\n".join(strays)


def test_no_file_is_both_module_and_folder() -> None:
    twins = [
        path
        for path in python_files(*FLOORS)
        if (ROOT / path.with_suffix("")).is_dir() and ours(str(path.with_suffix("")))
    ]
    assert not twins, f"{', '.join(map(str, twins))}: a folder of the same name shadows it"


def test_the_files_that_are_begun_first_are_there() -> None:
    assert [name for name in LONGEST if not (ROOT / "tests" / name).is_file()] == []
