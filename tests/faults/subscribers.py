"""Clients that come back whenever they are cut, each in its own way of speaking the protocol, and what each was told.

All of them begin where they are told that they are, and from then on must be told every order's event of their tenant,
once and in order. They trust nothing but cursors.
"""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.faults.diary import Diary, Ended, seq_of
from tests.faults.lines import Block, Exchange, Fields, Refused, exchange

DOCUMENTS = (
    "subscription ($after: String) { orderEvents(after: $after) { type id cursor } }",
    "subscription ($after: String) { orderEvents(after: $after) { type id cursor patch ts } }",
    "subscription ($after: String) { orderEvents(after: $after) { type id cursor order { notes version status } } }",
)
PATH = "/graphql/stream"
STREAM = {"accept": "text/event-stream"}
TOKEN = "x-graphql-event-stream-token"
LIFE_SECONDS = 8.0
"""How long a client stays, on average, when nothing strikes it."""
REST_SECONDS = 0.5
"""The longest that a client stays away, unless it was told how long."""


class SentAway(Exception):
    """A GET that must wait is answered 200 with a ``retry`` alone: an EventSource gives up at any other status."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:g} s")
        self.seconds = seconds


class Subscriber(ABC):
    """One client, for ever. ``ways`` counts how its connections ended."""

    operations = 1

    def __init__(self, tenant: str, bearer: Fields, port: int, chance: random.Random) -> None:
        self.diaries = [Diary(tenant) for _ in range(self.operations)]
        self.ways: Counter[str] = Counter()
        self.open = False
        self.story: deque[str] = deque(maxlen=5_000)
        """What happened to it of late, for whoever asks how an event was lost."""
        self._document = chance.choice(DOCUMENTS)
        self._bearer = bearer
        self._port = port
        self._chance = chance
        self._last_id: str | None = None

    async def live(self) -> None:
        """Connect, listen, drop or be dropped, come back."""
        while True:
            rest = self._chance.uniform(0.0, REST_SECONDS)
            way = "ended without a word"
            try:
                async with asyncio.timeout(self._chance.expovariate(1 / LIFE_SECONDS)):
                    await self._connect()
            except TimeoutError:
                way = "left"
            except Refused as refused:
                way, rest = f"refused with {refused.status}", max(rest, refused.after)
            except Ended as ended:
                way = f"told to end: {ended}"
            except SentAway as sent_away:
                way, rest = "sent away", sent_away.seconds
            except (OSError, EOFError):
                way = "cut" if self.open else "not reached"
            self.open = False
            self.ways[way] += 1
            self.story.append(f"{way} at {time.monotonic():.3f}")
            await asyncio.sleep(rest)

    @property
    def ended(self) -> int:
        """Streams that somebody else ended than this client."""
        return sum(count for way, count in self.ways.items() if way.startswith(("ended", "told", "cut")))

    @abstractmethod
    async def _connect(self) -> None:
        """One connection from its beginning to its end. Raises whatever ends it."""

    async def _listen(self, connection: Exchange) -> None:
        self.open = True
        self.story.append(f"open at {time.monotonic():.3f}")
        heard, retry = False, 0.0
        async with aclosing(connection.blocks()) as blocks:
            async for block in blocks:
                heard, retry = heard or bool(block.id or block.event), block.retry or retry
                if block.event == "complete":
                    raise Ended("complete")
                if block.event == "next":
                    self._note(block)
                if block.id:
                    self._last_id = block.id
                    self.story.append(f"id {seq_of(block.id)}")
        if not heard:
            raise SentAway(retry)

    def _note(self, block: Block) -> None:
        self._write_down(self.diaries[0], orjson.loads(block.data))

    def _write_down(self, diary: Diary, result: Any) -> None:  # Any: JSON
        diary.note(result)
        self.story.append(f"told {diary.told[-1].seq}")


class Recipe(Subscriber):
    """graphql-sse's documented one, in distinct connections mode: POST with the newest result's cursor as ``after``."""

    async def _connect(self) -> None:
        async with exchange(self._port) as connection:
            body = {"query": self._document, "variables": {"after": self.diaries[0].cursor}}
            await connection.ask("POST", PATH, {**self._bearer, **STREAM}, body)
            await self._listen(connection)


class Header(Subscriber):
    """POST with the last id as ``Last-Event-ID``, to the endpoint of everything."""

    async def _connect(self) -> None:
        resume = {} if self._last_id is None else {"last-event-id": self._last_id}
        async with exchange(self._port) as connection:
            fields = {**self._bearer, **STREAM, **resume}
            await connection.ask("POST", "/graphql", fields, {"query": self._document})
            await self._listen(connection)


class EventSource(Subscriber):
    """GET with the last id, in the header as browsers do, or in the address as what stands in for them does."""

    async def _connect(self) -> None:
        asked, fields = {"query": self._document}, {**self._bearer, **STREAM}
        if self._last_id is not None and self._chance.random() < 0.5:
            asked["lastEventId"] = self._last_id
        elif self._last_id is not None:
            fields["last-event-id"] = self._last_id
        async with exchange(self._port) as connection:
            await connection.ask("GET", f"{PATH}?{urlencode(asked)}", fields)
            await self._listen(connection)


class Single(Subscriber):
    """Single connection mode with several operations, each resumed by its own cursor as ``after``. Every request has a
    connection of its own, so that any worker may get it.
    """

    operations = 2

    async def _connect(self) -> None:
        token = await self._reserve()
        early = self._operates_first()
        if early:
            await self._operate(token)
        async with exchange(self._port) as connection:
            await connection.ask("GET", PATH, {**self._bearer, **STREAM, TOKEN: token})
            listening = asyncio.create_task(self._listen(connection))
            try:
                if not early:
                    await self._operate(token)
                await listening
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError, OSError, EOFError, Ended):
                    await listening

    def _operates_first(self) -> bool:
        """Whether operations are posted before the stream is open, and wait for it."""
        return self._chance.random() < 0.5

    async def _reserve(self) -> str:
        async with exchange(self._port) as connection:
            answered = await connection.ask("PUT", PATH, {**self._bearer, **self._resuming()}, status=201)
            self.story.append(f"reserved at {time.monotonic():.3f}")
            return (await connection.body(answered)).decode()

    async def _operate(self, token: str) -> None:
        for number in range(self.operations):
            body = {
                "query": self._document,
                "variables": self._variables(self.diaries[number]),
                "extensions": {"operationId": str(number)},
            }
            async with exchange(self._port) as connection:
                await connection.ask("POST", PATH, {**self._bearer, TOKEN: token}, body, status=202)
            self.story.append(f"operation {number} at {time.monotonic():.3f}")

    def _variables(self, diary: Diary) -> Fields:
        return {} if diary.cursor is None else {"after": diary.cursor}

    def _resuming(self) -> Fields:
        return {}

    def _note(self, block: Block) -> None:
        message = orjson.loads(block.data)
        self._write_down(self.diaries[int(message["id"])], message["payload"])


class SingleHeader(Single):
    """The same, resumed by the connection's last id alone, with all operations posted before the stream is open. A cut
    between the frames of one event repeats some of them: that is the protocol's promise, and what the diary leaves out.
    """

    def __init__(self, tenant: str, bearer: Fields, port: int, chance: random.Random) -> None:
        super().__init__(tenant, bearer, port, chance)
        for diary in self.diaries:
            diary.may_repeat = True

    def _operates_first(self) -> bool:
        return True

    def _variables(self, diary: Diary) -> Fields:
        return {}

    def _resuming(self) -> Fields:
        return {} if self._last_id is None else {"last-event-id": self._last_id}


MODES: Sequence[type[Subscriber]] = (Recipe, Header, EventSource, Single, SingleHeader)
