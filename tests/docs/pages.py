"""Markdown as the tests see it: its fenced blocks in order, a command with the outputs shown after it, its links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.house.source import ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
OUTPUTS = {"text", "json"}


@dataclass(slots=True)
class Step:
    """One sh block of a page, and the blocks of output that follow it."""

    page: str
    line: int
    commands: str
    outputs: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """The README and everything under docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def steps(page: Path) -> list[Step]:
    """The sh blocks of a page in order. A block of output belongs to the last one before it."""
    found: list[Step] = []
    text = page.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        kind, body = fence.groups()
        if kind == "sh":
            found.append(Step(page.name, text.count("\n", 0, fence.start()) + 1, body))
        elif kind in OUTPUTS and found:
            found[-1].outputs.append(body)
    return found


def sql(page: Path) -> list[str]:
    """The sql blocks of a page."""
    return [body for kind, body in _FENCE.findall(page.read_text(encoding="utf-8")) if kind == "sql"]


def links(page: Path) -> Iterator[str]:
    """Where a page leads, outside fenced blocks."""
    yield from _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
