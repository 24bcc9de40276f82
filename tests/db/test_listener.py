"""The connection that listens: it comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from db import listener as module
from db.listener import Listener
from tests.support.database import Dsns
from tests.support.waiting import until


class SilentConnection(asyncpg.Connection):
    """Answers no question while its line is silent."""

    __slots__ = ("line",)
    line: "Line"

    async def fetchval(self, query: str, *args: object, **options: Any) -> object:  # Any: as the driver has them
        if self.line.silent:
            self.line.silent = False
            raise TimeoutError
        return await super().fetchval(query, *args, **options)


class Line:
    """Connections to a server that a test can cut, block and silence."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.blocked = self.silent = False
        self.tries = 0
        self.connection: asyncpg.Connection | None = None

    async def connect(self) -> asyncpg.Connection:
        self.tries += 1
        if self.blocked:
            raise ConnectionRefusedError
        connection = await asyncpg.connect(self._dsn, connection_class=SilentConnection)
        connection.line = self
        self.connection = connection
        return connection

    def cut(self) -> None:
        assert self.connection is not None
        self.connection.terminate()


class Heard:
    """A listener, and what it heard."""

    def __init__(self, dsn: str) -> None:
        self.line = Line(dsn)
        self.payloads: asyncio.Queue[str] = asyncio.Queue(100)
        self.back = asyncio.Event()
        self.channel = f"c{uuid4().hex}"
        self.listener = Listener(self.line.connect, self.channel, self.payloads.put_nowait, self.back.set)

    async def next(self) -> str:
        return await asyncio.wait_for(self.payloads.get(), 5)


@pytest.fixture
async def heard(dsns: Dsns) -> AsyncIterator[Heard]:
    heard = Heard(dsns.runtime)
    yield heard
    await heard.listener.stop()


@pytest.fixture
async def other(dsns: Dsns) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsns.runtime)
    yield connection
    await connection.close()


async def test_once_started_nothing_is_missed_and_order_is_kept(heard: Heard, other: asyncpg.Connection) -> None:
    await heard.listener.start()
    for n in range(50):
        await other.execute("SELECT pg_notify($1, $2)", heard.channel, str(n))
    assert [await heard.next() for _ in range(50)] == [str(n) for n in range(50)]


async def test_after_a_cut_it_listens_again_and_says_so(heard: Heard, other: asyncpg.Connection) -> None:
    await heard.listener.start()
    assert not heard.back.is_set()
    heard.line.cut()
    await asyncio.wait_for(heard.back.wait(), 60)
    await other.execute("SELECT pg_notify($1, 'again')", heard.channel)
    assert await heard.next() == "again"


async def test_a_server_that_cannot_be_reached_is_tried_until_it_can(heard: Heard, other: asyncpg.Connection) -> None:
    heard.line.blocked = True
    await heard.listener.start()
    await until(lambda: heard.line.tries > 1)
    assert not heard.back.is_set()
    heard.line.blocked = False
    await asyncio.wait_for(heard.back.wait(), 60)
    await other.execute("SELECT pg_notify($1, 'there')", heard.channel)
    assert await heard.next() == "there"


async def test_the_pauses_between_tries_grow(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    heard.line.blocked = True
    await heard.listener.start()
    await until(lambda: heard.line.tries >= 3)
    await asyncio.sleep(0.3)
    assert heard.line.tries <= 8


async def test_a_silent_peer_is_asked_and_given_up(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUESTION_SECONDS", 1.0)
    await heard.listener.start()
    await asyncio.sleep(1.5)
    assert heard.line.tries == 1
    heard.line.silent = True
    await asyncio.wait_for(heard.back.wait(), 60)
    assert heard.line.tries == 2


async def test_whoever_catches_up_was_told_what_was_committed_before(heard: Heard, other: asyncpg.Connection) -> None:
    await heard.listener.start()
    for n in range(100):
        await other.execute("SELECT pg_notify($1, $2)", heard.channel, str(n))
        await asyncio.gather(heard.listener.catch_up(), heard.listener.catch_up())
        assert heard.payloads.get_nowait() == str(n)


async def test_nobody_waits_for_a_peer_that_is_silent_or_gone(heard: Heard) -> None:
    await heard.listener.catch_up()  # it was never there
    await heard.listener.start()
    heard.line.silent = True
    await asyncio.wait_for(heard.listener.catch_up(), 5)
    assert not heard.listener.listening
    await asyncio.wait_for(heard.back.wait(), 60)
    heard.line.cut()
    await asyncio.wait_for(heard.listener.catch_up(), 5)


async def test_stopping_closes_the_connection(heard: Heard) -> None:
    await heard.listener.start()
    await heard.listener.stop()
    assert heard.line.connection is not None
    assert heard.line.connection.is_closed()
