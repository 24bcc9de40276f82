"""The demo that the pages' commands talk to, in a folder that looks to them like a clone in which `make` has run."""

import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.house.source import ROOT
from tests.support.command_line import clean_environment, running

ORDERS = 12_000  # beyond 10,000 a count is an estimate, as it is with the demo's 100,000
_PASSWORD = re.compile(r"^TIDEGATE_DEMO_PASSWORD=(\S+) make demo$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Clone:
    """Where the commands run, and the address that stands for the pages' ``127.0.0.1:8000``."""

    folder: Path
    address: str
    environment: dict[str, str]


def make_clone(folder: Path) -> dict[str, str]:
    """Put `.venv/bin/tidegate` into a folder. Answers the environment that commands in it need."""
    command = folder / ".venv" / "bin" / "tidegate"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!{sys.executable}\nfrom web.cli import main\nmain()\n", encoding="utf-8")
    command.chmod(0o755)
    # Unbuffered, a command at the end of a pipe would print in pieces, with what a job in the background says between.
    usual = {name: value for name, value in clean_environment().items() if name != "PYTHONUNBUFFERED"}
    return {**usual, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not under pytest's own: for root, another session that begins there would shut PostgreSQL's user out."""
    with TemporaryDirectory(prefix="tidegate-pages-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def clone(folder: Path) -> Iterator[Clone]:
    environment = make_clone(folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (password,) = _PASSWORD.findall((ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8"))
    arguments = ["demo", "--orders", str(ORDERS), "--port", str(port)]
    with running(arguments, {**environment, "TIDEGATE_DEMO_PASSWORD": password}, folder) as demo:
        assert demo.stdout is not None
        if not any(line.startswith("Ctrl-C stops everything") for line in demo.stdout):
            raise AssertionError(f"the demo ended: {demo.communicate()[1]}")
        yield Clone(folder, f"127.0.0.1:{port}", environment)
