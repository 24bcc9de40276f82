"""Clients that come back whenever they are cut, each in its own way of speaking the protocol, and what each was told.

All of them begin where they are told that they are, and from then on must be told every event of what they watch, once
and in order, or see a page as it is. They trust nothing but cursors.
"""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import aclosing, suppress
from urllib.parse import urlencode

import orjson

from tests.faults.diary import Diary, Ended, Record, seq_of
from tests.faults.lines import Block, Exchange, Fields, Refused, exchange
from tests.faults.nouns import NOUNS, PAGE_KINDS
from tests.faults.pages import Album

PATH = "/graphql/stream"
STREAM = {"accept": "text/event-stream"}
TOKEN = "x-graphql-event-stream-token"
LIFE_SECONDS = 8.0
"""How long a client stays, on average, when nothing strikes it."""
REST_SECONDS = 0.5
"""The longest that a client stays away, unless it was told how long."""
RESUME_SECONDS = 9.0
"""How long a client that resumes by one id takes for posting all that shall: the server counts to ten."""


class SentAway(Exception):
    """A GET that must wait is answered 200 with a ``retry`` alone: an EventSource gives up at any other status."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:g} s")
        self.seconds = seconds


class TooLate(Exception):
    """Not everything could be posted while the last id counts."""


class Subscriber(ABC):
    """One client, for ever. ``records`` is what each of its operations was told, ``ways`` counts how its connections
    ended.
    """

    def __init__(self, tenant: str, role: str, bearer: Fields, port: int, chance: random.Random) -> None:
        self.records = self._choose(tenant, role, chance)
        self.ways: Counter[str] = Counter()
        self.open = False
        self.calm = False
        """Whether it stays for as long as it can."""
        self.story: deque[str] = deque(maxlen=5_000)
        """What happened to it of late, for whoever asks how an event was lost."""
        self._bearer = bearer
        self._port = port
        self._chance = chance
        self._last_id: str | None = None

    async def live(self) -> None:
        """Connect, listen, drop or be dropped, come back."""
        while True:
            rest = self._chance.uniform(0.0, REST_SECONDS)
            way = "ended without a word"
            for record in self.records:
                record.turn()
            try:
                async with asyncio.timeout(None if self.calm else self._chance.expovariate(1 / LIFE_SECONDS)):
                    await self._connect()
            except TimeoutError:
                way = "left"
            except Refused as refused:
                way, rest = f"refused with {refused.status}", max(rest, refused.after)
            except Ended as ended:
                way = f"told to end: {ended}"
            except SentAway as sent_away:
                way, rest = "sent away", sent_away.seconds
            except TooLate:
                way = "too late"
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
        self.story.append(self.records[0].note(orjson.loads(block.data)))

    def _choose(self, tenant: str, role: str, chance: random.Random) -> list[Record]:
        """What to watch."""
        return [events(tenant, role, chance)]


def events(tenant: str, role: str, chance: random.Random, *, may_repeat: bool = False) -> Diary:
    """Of a noun that the role may watch: half of the time of orders."""
    nouns = [noun for noun in NOUNS if role in noun.roles]
    noun = nouns[0] if chance.random() < 0.5 else chance.choice(nouns)
    return Diary(tenant, noun, chance.choice(noun.documents), may_repeat)


class Recipe(Subscriber):
    """graphql-sse's documented one, in distinct connections mode: POST with the newest result's cursor as ``after``."""

    async def _connect(self) -> None:
        record = self.records[0]
        async with exchange(self._port) as connection:
            body = {"query": record.document, "variables": {"after": record.cursor}}
            await connection.ask("POST", PATH, {**self._bearer, **STREAM}, body)
            await self._listen(connection)


class Header(Subscriber):
    """POST with the last id as ``Last-Event-ID``, to the endpoint of everything."""

    async def _connect(self) -> None:
        async with exchange(self._port) as connection:
            fields = {**self._bearer, **STREAM, **last_id(self._last_id)}
            await connection.ask("POST", "/graphql", fields, {"query": self.records[0].document})
            await self._listen(connection)


class EventSource(Subscriber):
    """GET with the last id, in the header as browsers do, or in the address as what stands in for them does."""

    async def _connect(self) -> None:
        asked, fields = {"query": self.records[0].document}, {**self._bearer, **STREAM}
        if self._last_id is not None and self._chance.random() < 0.5:
            asked["lastEventId"] = self._last_id
        else:
            fields |= last_id(self._last_id)
        async with exchange(self._port) as connection:
            await connection.ask("GET", f"{PATH}?{urlencode(asked)}", fields)
            await self._listen(connection)


class LivePage(Subscriber):
    """POST for a page of orders, and nothing to go on from: whoever comes back is told a new page."""

    async def _connect(self) -> None:
        record = self.records[0]
        async with exchange(self._port) as connection:
            body = {"query": record.document, "variables": record.variables}
            await connection.ask("POST", PATH, {**self._bearer, **STREAM, **last_id(self._last_id)}, body)
            await self._listen(connection)

    def _choose(self, tenant: str, role: str, chance: random.Random) -> list[Record]:
        return [Album(tenant, chance.choice(PAGE_KINDS))]


class Single(Subscriber):
    """Single connection mode with several operations, each resumed by its own cursor as ``after``. Every request has a
    connection of its own, so that any worker may get it. Events without a cursor among their fields learn one only now
    and then, so some of them come again.
    """

    async def _connect(self) -> None:
        token = await self._reserve()
        early = self._chance.random() < 0.5  # operations may wait for their stream
        if early:
            await self._operate(token)
        async with exchange(self._port) as connection:
            await connection.ask("GET", PATH, {**self._bearer, **STREAM, **self._resuming("open"), TOKEN: token})
            listening = asyncio.create_task(self._listen(connection))
            try:
                if not early:
                    await self._operate(token)
                await listening
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError, OSError, EOFError, Ended):
                    await listening

    async def _reserve(self) -> str:
        async with exchange(self._port) as connection:
            fields = {**self._bearer, **self._resuming("reserve")}
            answered = await connection.ask("PUT", PATH, fields, status=201)
            self.story.append(f"reserved at {time.monotonic():.3f}")
            return (await connection.body(answered)).decode()

    async def _operate(self, token: str) -> None:
        for number, record in enumerate(self.records):
            body = {
                "query": record.document,
                "variables": self._variables(record),
                "extensions": {"operationId": str(number)},
            }
            async with exchange(self._port) as connection:
                fields = {**self._bearer, **self._resuming("post"), TOKEN: token}
                await connection.ask("POST", PATH, fields, body, status=202)
            self.story.append(f"operation {number} at {time.monotonic():.3f}")

    def _variables(self, record: Record) -> dict[str, object]:
        return {**record.variables, **({} if record.cursor is None else {"after": record.cursor})}

    def _resuming(self, request: str) -> Fields:
        """What goes with a request for the connection to be resumed."""
        return {}

    def _note(self, block: Block) -> None:
        message = orjson.loads(block.data)
        self.story.append(self.records[int(message["id"])].note(message["payload"]))

    def _choose(self, tenant: str, role: str, chance: random.Random) -> list[Record]:
        """Events of two nouns, and for every other client a page among them."""
        diaries: list[Record] = [self._events(tenant, role, chance) for _ in range(2)]
        return [*diaries, Album(tenant, chance.choice(PAGE_KINDS))] if chance.random() < 0.5 else diaries

    def _events(self, tenant: str, role: str, chance: random.Random) -> Diary:
        diary = events(tenant, role, chance)
        diary.may_repeat = not diary.noun.numbered
        return diary


class SingleHeader(Single):
    """The same, resumed by the connection's last id alone, which goes with one request or another. What was told after
    that id comes again: that is the protocol's promise.
    """

    async def _connect(self) -> None:
        self._resumes = self._chance.choice(("reserve", "open", "post", "reserve open"))
        self._until = asyncio.get_running_loop().time() + RESUME_SECONDS
        await super()._connect()

    async def _operate(self, token: str) -> None:
        try:
            async with asyncio.timeout_at(self._until):
                await super()._operate(token)
        except TimeoutError:
            raise TooLate from None

    def _variables(self, record: Record) -> dict[str, object]:
        return {**record.variables}

    def _resuming(self, request: str) -> Fields:
        return last_id(self._last_id) if request in self._resumes.split() else {}

    def _events(self, tenant: str, role: str, chance: random.Random) -> Diary:
        return events(tenant, role, chance, may_repeat=True)


def last_id(known: str | None) -> Fields:
    """The header that resumes."""
    return {} if known is None else {"last-event-id": known}


MODES: Sequence[type[Subscriber]] = (Recipe, Header, EventSource, LivePage, Single, SingleHeader)
