"""A client that watches a tenant's orders and comes back with its last id whenever its stream is over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx2

from tests.support.server import STREAM
from tests.support.streams import Block, StreamClient, StreamEnded
from tests.support.waiting import PATIENCE, until

WATCH = {"query": "subscription { orderEvents { type id } }"}


class Watcher:
    """``told`` is every event that came, on whatever connection; ``ends`` counts streams that ended with their last
    chunk, ``cuts`` those that were cut, ``turned_away`` the attempts that met a server on its way out.
    """

    def __init__(self, port: int, bearer: dict[str, str]) -> None:
        self.told: list[tuple[str, str]] = []
        self.completed = False
        self.ends = self.cuts = self.turned_away = 0
        self._open = False
        self.last_id: str | None = None
        self._url = f"http://127.0.0.1:{port}/graphql/stream"
        self._fields = {"Accept": STREAM, **bearer}

    async def watch(self) -> None:
        """For ever."""
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            while True:
                self._open = False
                try:
                    await self._stream(client)
                except StreamEnded:
                    self.ends += 1
                except httpx2.HTTPError:
                    self.cuts += self._open
                    self.turned_away += not self._open
                await asyncio.sleep(0.02)

    async def wait_until(self, condition: Callable[["Watcher"], bool]) -> None:
        await until(lambda: condition(self))

    async def _stream(self, client: httpx2.AsyncClient) -> None:
        fields = {**self._fields, **({"Last-Event-ID": self.last_id} if self.last_id else {})}
        async with client.stream("POST", self._url, json=WATCH, headers=fields) as response:
            self._open = True
            stream = StreamClient(response)
            while True:
                self._take(await stream.wait_for_block())

    def _take(self, block: Block) -> None:
        self.last_id = block.id or self.last_id
        self.completed = self.completed or block.event == "complete"
        if block.event == "next":
            event = block.payload["data"]["orderEvents"]
            self.told.append((event["type"], event["id"]))


@asynccontextmanager
async def watching(port: int, bearer: dict[str, str], count: int = 1) -> AsyncIterator[list[Watcher]]:
    """Watchers that know where they begin."""
    watchers = [Watcher(port, bearer) for _ in range(count)]
    tasks = [asyncio.create_task(watcher.watch()) for watcher in watchers]
    try:
        for watcher in watchers:
            await watcher.wait_until(lambda each: each.last_id is not None)
        yield watchers
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
