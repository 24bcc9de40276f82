"""A client of event streams that reads bytes, so that a test can tell every line; linear: wait for this, then that."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2

PATIENCE = 60.0
"""Seconds until what is waited for counts as missing."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two blank lines. ``raw`` holds them too."""

    raw: bytes

    def field(self, name: str) -> str | None:
        """The value of the last line of that name; None without one."""
        found = None
        for line in self.raw.decode().split("\n"):
            key, colon, value = line.partition(":")
            if colon and key == name:
                found = value.removeprefix(" ")
        return found

    @property
    def event(self) -> str | None:
        return self.field("event")

    @property
    def id(self) -> str | None:
        return self.field("id")

    @property
    def payload(self) -> Any:  # Any: JSON
        return json.loads(self.field("data") or "null")


class StreamEnded(AssertionError):
    """The stream was over before what was waited for came."""


class StreamClient:
    """One open stream. ``blocks`` is everything that came, ``last_id`` what an EventSource would resume with."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.blocks: list[Block] = []
        self.last_id: str | None = None
        self._bytes: AsyncIterator[bytes] = response.aiter_raw()
        self._buffer = b""

    async def wait_for_block(self) -> Block:
        """Whatever comes next. Raises StreamEnded."""
        async with asyncio.timeout(PATIENCE):
            while b"\n\n" not in self._buffer:
                try:
                    self._buffer += await anext(self._bytes)
                except StopAsyncIteration:
                    raise StreamEnded(f"after {self.blocks}, then {self._buffer!r}") from None
        raw, _, self._buffer = self._buffer.partition(b"\n\n")
        block = Block(raw + b"\n\n")
        self.blocks.append(block)
        self.last_id = block.id or self.last_id
        return block

    async def wait_for_next(self) -> Block:
        """The next result; comments are passed over."""
        return await self._wait_for("next")

    async def wait_for_complete(self) -> Block:
        return await self._wait_for("complete")

    async def wait_for_id(self) -> str:
        """The first id, whatever carries it."""
        while self.last_id is None:
            await self.wait_for_block()
        return self.last_id

    async def wait_for_end(self) -> list[Block]:
        """What still comes until the server has sent its last chunk; fails when the connection was just cut."""
        rest = []
        while True:
            try:
                rest.append(await self.wait_for_block())
            except StreamEnded:
                return rest

    async def dispose(self) -> None:
        """Hang up."""
        await self.response.aclose()

    async def _wait_for(self, event: str) -> Block:
        while (block := await self.wait_for_block()).event is None:
            pass
        assert block.event == event, block.raw
        return block
