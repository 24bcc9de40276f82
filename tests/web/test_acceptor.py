"""Connections are taken in many at a time, until that is over."""

import asyncio
import socket

import pytest

from tests.support.waiting import until
from web.acceptor import AT_ONCE, Acceptor


class Echo(asyncio.Protocol):
    """Answers what it is sent."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)
        self.transport.close()


async def test_a_crowd_is_taken_in_and_served_and_nobody_after_the_end() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        made: list[Echo] = []

        def protocol() -> Echo:
            made.append(Echo())
            return made[-1]

        acceptor = Acceptor([listening.fileno()], protocol)
        address = listening.getsockname()
        crowd = [socket.create_connection(address) for _ in range(3 * AT_ONCE)]
        crowd.pop().close()
        for client in crowd:
            client.sendall(b"hello")
        await until(lambda: len(made) == 3 * AT_ONCE)
        for client in crowd:
            assert await asyncio.to_thread(client.recv, 10) == b"hello"
            client.close()
        acceptor.close()
        acceptor.close()
        late = socket.create_connection(address)
        late.settimeout(0.1)
        late.sendall(b"hello")
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(late.recv, 10)
        late.close()
        assert len(made) == 3 * AT_ONCE
