"""A TCP proxy on loopback whose connections a test can cut and freeze, as networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65_536


class Link:
    """One connection, both ways."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.writers = writers
        self._flowing = asyncio.Event()
        self._flowing.set()

    def cut(self) -> None:
        """Reset it."""
        for writer in self.writers:
            writer.transport.abort()
        self._flowing.set()

    def freeze(self) -> None:
        """Carry nothing more, and keep it open, until ``thaw``."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way, until either end closes."""
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
                return
        writer.transport.abort()


class Wire:
    """``port`` leads to ``target`` (a port too), unless it is down."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.attempts = 0
        """Connections that were tried, taken or not."""
        self.links: set[Link] = set()
        self._up = True

    def cut(self) -> None:
        """Reset every connection; new ones are reset too until ``mend``."""
        self._up = False
        for link in self.links:
            link.cut()

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
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, far_writer)
        self.links.add(link)
        try:
            await asyncio.gather(link.copy(reader, far_writer), link.copy(far_reader, writer))
        finally:
            self.links.discard(link)
            for each in link.writers:
                each.close()


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
