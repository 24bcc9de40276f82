"""The commands of docs/operations.md, run in order on a PostgreSQL that knows nothing of Tidegate."""

import re
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.embedded import OWNER, RUNTIME, Embedded
from tests.docs.conftest import make_clone
from tests.docs.pages import sql, steps
from tests.docs.terminal import open_terminal, settled
from tests.house.source import ROOT
from tests.support.database import run_apart

PAGE = ROOT / "docs" / "operations.md"
_PLACE = "@127.0.0.1:5432/tidegate"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def test_every_command_works_on_a_server_of_ones_own(folder: Path) -> None:
    embedded = Embedded.start(folder / "data", durable=False)
    try:
        run_apart(_execute(embedded.superuser_dsn, [_own(text) for text in sql(PAGE)]))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        place = "@/page_tidegate?" + urlsplit(embedded.superuser_dsn).query
        environment = {**make_clone(folder), "TIDEGATE_PORT": str(port)}
        with open_terminal(folder, environment) as terminal:
            for step in steps(PAGE):
                commands = _own(step.commands.replace(_PLACE, place)).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
                assert terminal.run(commands) == 0, f"{step} failed: {terminal.printed}"
                wrong = settled(terminal, step.outputs)
                assert not wrong, f"{step} is not as recorded: {wrong}"
    finally:
        embedded.stop()


def _own(text: str) -> str:
    """The page's logins and database under names that the test's server does not have yet."""
    text = text.replace("DATABASE tidegate ", "DATABASE page_tidegate ")
    return re.sub(rf"\b({OWNER}|{RUNTIME})\b", r"page_\1", text)


async def _execute(dsn: str, texts: list[str]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in (part for text in texts for part in text.split(";") if part.strip()):
            await connection.execute(statement)
    finally:
        await connection.close()
