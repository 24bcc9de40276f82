"""HTTP/1.1 and event streams on a bare connection: hundreds of clients fit into one process beside what they test."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import orjson

Fields = Mapping[str, str]


class Refused(Exception):
    """Another status than the one asked for. ``after`` is when to come back, in seconds."""

    def __init__(self, status: int, after: float) -> None:
        super().__init__(str(status))
        self.status = status
        self.after = after


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two blank lines of an event stream."""

    event: str
    id: str | None
    data: bytes
    retry: float | None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One connection, for one request or for one after the other."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, method: str, path: str, fields: Fields, body: object = None, *, status: int = 200) -> Fields:
        """Send a request and read the answer's head. Raises Refused, OSError, EOFError."""
        content = b"" if body is None else orjson.dumps(body)
        kind = {"content-type": "application/json"} if content else {}
        given = {"host": "127.0.0.1", **fields, **kind, "content-length": str(len(content))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        self.writer.write("\r\n".join(lines).encode() + content)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        answered = {name.lower(): value.strip() for name, _, value in pairs}
        found = int(head[0].split(" ")[1])
        if found != status:
            raise Refused(found, float(answered.get("retry-after", 0)))
        return answered

    async def body(self, answered: Fields) -> bytes:
        """The whole body of an answer that says its length."""
        return await self.reader.readexactly(int(answered.get("content-length", 0)))

    async def blocks(self) -> AsyncGenerator[Block, None]:
        """The blocks of an event stream until it ends with its last chunk. Raises OSError, EOFError when it is cut."""
        left = b""
        while size := await self._size():
            left += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
            *whole, left = left.split(b"\n\n")
            for each in whole:
                yield _block_of(each)

    async def _size(self) -> int:
        """Of the next chunk, 0 of the last one."""
        line = await self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("in the middle of a stream")
        return int(line, 16)


def _block_of(text: bytes) -> Block:
    event, last_id, data, retry = "", None, b"", None
    for line in text.split(b"\n"):
        if line.startswith(b"data: "):
            data = line[6:]
        elif line.startswith(b"id: "):
            last_id = line[4:].decode()
        elif line.startswith(b"event: "):
            event = line[7:].decode()
        elif line.startswith(b"retry: "):
            retry = int(line[7:]) / 1000
    return Block(event, last_id, data, retry)


@asynccontextmanager
async def exchange(port: int) -> AsyncIterator[Exchange]:
    """A connection of its own. Raises OSError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield Exchange(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
