"""The tree as the rules see it: which files there are, and what each one says."""

import ast
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("db", "auth", "resolvers", "schema", "web")
TOP = (
    *FLOORS,
    "tests",
    "docs",
    ".ci",
    "pyproject.toml",
    "requirements.lock",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    ".env.example",
)
_NOT_OURS = {"node_modules", "__pycache__", "dist"}

Rule = Callable[[str, PurePosixPath], list[str]]
"""Reads one file's text and its path from the root; answers one line per violation, each with file, line and remedy."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def ours(*places: str) -> tuple[PurePosixPath, ...]:
    """Every file of ours at or under the places, as paths from the root."""
    return tuple(sorted(PurePosixPath(file.relative_to(ROOT)) for place in places for file in _files(ROOT / place)))


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if name not in _NOT_OURS]
        yield from (Path(folder, name) for name in files)


def python_files(*folders: str) -> list[PurePosixPath]:
    return [path for path in ours(*folders) if path.suffix == ".py"]


def read(path: PurePosixPath) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def broken(rule: Rule, paths: list[PurePosixPath]) -> str:
    """The violations of a rule over the files, one a line; empty when it holds."""
    return "\n".join(line for path in paths for line in rule(read(path), path))


def at(path: PurePosixPath, node: ast.AST, says: str) -> str:
    return f"{path}:{getattr(node, 'lineno', 1)}: {says}"


@cache
def parse(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def walk(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(parse(source)))


def functions(source: str) -> Iterator[Function]:
    return (node for node in walk(source) if isinstance(node, Function))


def calls(source: str) -> Iterator[ast.Call]:
    return (node for node in walk(source) if isinstance(node, ast.Call))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of a name or an attribute chain; what it hangs on, when that is no name, is left out (``.b.c``)."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def within(path: PurePosixPath, *places: str) -> bool:
    """Whether the path is one of the places: a file, a folder (``db/tables/``), or a start (``db/seed*``)."""
    text = str(path)
    return any(text.startswith(place.rstrip("*")) if place[-1] in "/*" else text == place for place in places)
