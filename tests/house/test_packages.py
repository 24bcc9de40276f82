"""What is imported is declared, what is declared is locked, and the wheel carries every file that the rooms need."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import FLOORS, ROOT, ours, python_files, read, walk


@cache
def declared(group: str) -> tuple[Requirement, ...]:
    """What pyproject.toml asks for: ``runtime``, ``dev``, or one of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    lines = project["project"]["dependencies"] if group == "runtime" else {**extras, **groups}[group]
    return tuple(Requirement(line) for line in lines)


@cache
def installed() -> Mapping[str, list[str]]:
    """Which distributions each importable name comes from."""
    return packages_distributions()


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and top-level name of each import."""
    for node in walk(source):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module.partition(".")[0]


def undeclared(source: str, path: PurePosixPath, allowed: set[str]) -> list[str]:
    """Imports of installed distributions that pyproject.toml does not name."""
    found = []
    for line, top in imports(source):
        owners = {canonicalize_name(owner) for owner in installed().get(top, [])} - {"tidegate"}
        if owners and not owners & allowed:
            found.append(f"{path}:{line}: imports {top}; declare {min(owners)} in pyproject.toml, then `make lock`")
    return found


def names(*groups: str) -> set[str]:
    return {canonicalize_name(requirement.name) for group in groups for requirement in declared(group)}


def test_an_undeclared_import_is_found() -> None:
    assert undeclared("import pluggy", PurePosixPath("db/x.py"), names("runtime")) != []
    assert undeclared("import json\nimport orjson", PurePosixPath("db/x.py"), names("runtime")) == []


def test_the_rooms_import_only_what_is_declared() -> None:
    found = [line for path in python_files(*FLOORS) for line in undeclared(read(path), path, names("runtime", "otel"))]
    assert not found, "\n".join(found)


def test_opentelemetry_is_imported_by_one_module_and_that_by_the_verbs_alone() -> None:
    texts = {str(path): read(path) for path in python_files(*FLOORS)}
    assert [path for path, text in texts.items() if any(top == "opentelemetry" for _, top in imports(text))] == [
        "web/traces.py"
    ]
    assert [path for path, text in texts.items() if "web.traces" in text] == ["web/cli/traces.py"]


def test_the_tests_import_only_what_is_declared() -> None:
    allowed = names("runtime", "otel", "dev")
    found = [line for path in python_files("tests") for line in undeclared(read(path), path, allowed)]
    assert not found, "\n".join(found)


def test_the_lock_holds_everything_that_is_declared() -> None:
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    )
    wrong = [
        str(requirement)
        for requirement in (*declared("runtime"), *declared("otel"), *declared("dev"))
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert not wrong, f"requirements.lock does not satisfy {wrong}; run `make lock`"


def test_the_lock_names_no_index_and_pins_every_file() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"^\s*--(?!hash=)|://|@ file", lock, re.MULTILINE)
    assert all(
        "--hash=sha256:" in entry for entry in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE) if "==" in entry
    )


def test_the_wheel_carries_every_file_that_the_rooms_need(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    carried = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert not {name for name in carried if name.startswith(("tests/", "docs/")) or "node_modules" in name}
    needed = {
        str(path)
        for path in ours(*FLOORS)
        if path.suffix in {".py", ".mako", ".sql", ".graphql", ".html", ".gz"} and "src" not in path.parts
    }
    assert sorted(needed - carried) == []
