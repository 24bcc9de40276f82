"""The floors: import-linter keeps them, and a wrong import is named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import FLOORS, ROOT

_LINT = Path(sys.executable).with_name("lint-imports")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_LINT, "--no-cache", "--no-logo"], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    """Five empty rooms under the same contracts; ``db.tenancy`` exists because a contract names it."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for floor in FLOORS:
        (tmp_path / floor).mkdir()
        (tmp_path / floor / "__init__.py").touch()
    (tmp_path / "db" / "tenancy.py").touch()
    return tmp_path


def test_the_house_keeps_its_floors() -> None:
    report = lint(ROOT)
    assert report.returncode == 0, report.stdout


WRONG = (
    ("db", "auth"),
    ("db", "strawberry"),
    ("auth", "resolvers"),
    ("auth", "starlette"),
    ("resolvers", "schema"),
    ("resolvers", "graphql"),
    ("resolvers", "sqlalchemy"),
    ("resolvers", "asyncpg"),
    ("resolvers", "redis"),
    ("resolvers", "os"),
    ("schema", "web"),
    ("schema", "sqlalchemy"),
    ("schema", "db.tenancy"),
    ("web", "asyncpg"),
    ("web", "redis"),
)


def test_each_wrong_import_breaks_a_contract_and_is_named(twin: Path) -> None:
    for number, (floor, wrong) in enumerate(WRONG):
        (twin / floor / f"stray_{number}.py").write_text(f"import {wrong}\n")
    report = lint(twin)
    assert report.returncode == 1
    missed = [
        f"{floor} -> {wrong}"
        for number, (floor, wrong) in enumerate(WRONG)
        if f"{floor}.stray_{number} -> {wrong} (l.1)" not in report.stdout
    ]
    assert not missed, f"{missed} broke no contract\n{report.stdout}"


def test_empty_rooms_break_nothing(twin: Path) -> None:
    report = lint(twin)
    assert report.returncode == 0, report.stdout
