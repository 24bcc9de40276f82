"""A TCP proxy on loopback whose connections a test can cut, as networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65_536


class Wire:
    """``port`` leads to ``target`` (a port too), unless it is down."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.attempts = 0
        """Connections that were tried, taken or not."""
        self._up = True
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Reset every connection; new ones are reset too until ``mend``."""
        self._up = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self, target: int | None = None) -> None:
        """Let connections through again, to another port when one is given."""
        self.target = target or self.target
        self._up = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either end closes it."""
        self.attempts += 1
        if not self._up:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._writers -= ends
            for each in ends:
                each.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            return
    writer.transport.abort()


@asynccontextmanager
async def stretched(target: int) -> AsyncIterator[Wire]:
    """A wire to a port, cut at the end."""
    wire = Wire(target)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.cut()
        await server.wait_closed()
