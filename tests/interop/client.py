"""A client in a process of its own. It writes one JSON object a line of what happens to it; a line sent to it is an
order.
"""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PATIENCE = 60.0
"""Seconds until what is waited for counts as missing."""


class Client:
    """``said`` is everything that it said so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []

    async def wait_for(self, kind: str) -> Any:  # Any: JSON
        """The value of the next line of that kind; lines of other kinds are passed over, except failures."""
        async with asyncio.timeout(PATIENCE):
            while True:
                line = await self._line()
                if kind in line:
                    return line[kind]
                assert "failed" not in line, line

    async def results(self, count: int) -> list[Any]:  # Any: JSON
        """The next ``count`` execution results."""
        return [await self.wait_for("next") for _ in range(count)]

    async def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        await self.process.stdin.drain()

    async def wait_for_exit(self) -> int:
        """Its exit code, once it has nothing left to do."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def _line(self) -> dict[str, Any]:  # Any: JSON
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(f"the client ended after {self.said}: {(await self.process.stderr.read()).decode()}")
        self.said.append(json.loads(line))
        return self.said[-1]


@asynccontextmanager
async def node(script: str, **given: object) -> AsyncIterator[Client]:
    """A script of this folder under Node, given one JSON object; killed at the end."""
    if not (HERE / "node_modules").is_dir():
        pytest.fail("The JavaScript clients are not installed: npm ci --prefix tests/interop")
    process = await asyncio.create_subprocess_exec(
        "node", str(HERE / script), json.dumps(given), stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=2**22
    )
    try:
        yield Client(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
