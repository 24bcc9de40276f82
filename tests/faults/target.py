"""A server that is sent what no client should send, and the proof that it took no harm."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.faults.books import Books
from tests.support.database import Dsns
from tests.support.server import Front, open_front

INNARDS = (
    "Traceback",
    'File "',
    "site-packages",
    "asyncpg",
    "sqlalchemy",
    "strawberry",
    "object at 0x",
)
"""What no answer shows of the inside."""
_SILENT = ("uvicorn.access", "httpx", "httpcore", "asyncio")
"""Loggers that say nothing at the level of production, or are the test's own."""
_FACTS = "{ orders(first: 1) { nodes { id } pageInfo { endCursor } } customers(first: 1) { nodes { id } } }"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tenant's reader knows: an order, a customer, the cursor of a page."""

    order: str
    customer: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Target:
    """The server, what its database holds, and the caller's own and another tenant's ``Facts``."""

    front: Front
    books: Books
    bearer: dict[str, str]
    own: Facts
    foreign: Facts

    @asynccontextmanager
    async def unharmed(self, caplog: pytest.LogCaptureFixture, lines: int = 1) -> AsyncIterator[None]:
        """Asserts that what is sent inside writes no row and at most ``lines`` lines, none of them an error's, and
        that the server answers others as before.
        """
        before = await self.books.rows()
        with caplog.at_level(logging.INFO), capture_logs() as logged:
            caplog.clear()
            yield
        ours = [line for line in logged if line.get("path") != "/health/live" and line["event"] != "documents_ready"]
        said = ours + [record for record in caplog.records if not record.name.startswith(_SILENT)]
        assert len(said) <= lines, said
        assert [line for line in logged if line["log_level"] in {"error", "critical"}] == []
        assert await self.books.rows() == before
        answer = await self.front.client.get("/health/live")
        assert answer.status_code == 200, answer.text

    async def send_raw(self, *pieces: bytes, patience: float = 5) -> bytes:
        """What comes back for these bytes on a connection of their own, until it is closed or silent for 0.3 s."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.front.port)
        answer = b""
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.01)
            answer = await asyncio.wait_for(reader.read(65_536), patience)
            while more := await asyncio.wait_for(reader.read(65_536), 0.3):
                answer += more
        except (TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        return answer


def codes_of(body: dict[str, Any]) -> set[str]:  # Any: JSON
    """The codes of an answer's errors, and those of its user errors."""
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    for payload in (body.get("data") or {}).values():
        if isinstance(payload, dict):
            codes |= {error["code"] for error in payload.get("userErrors", ())}
    return codes


def told(response: httpx2.Response) -> dict[str, Any]:  # Any: JSON
    """The answer, which shows nothing of the inside and names its request on every error."""
    text = response.text
    assert [innard for innard in (*INNARDS, "db/", "schema/") if innard in text] == [], text
    for line in text.splitlines():  # an event stream's one result
        text = line.removeprefix("data: ") if line.startswith("data: ") else text
    body: dict[str, Any] = json.loads(text)
    named = {error["extensions"]["requestId"] for error in body.get("errors", ())}
    assert named <= {response.headers["x-request-id"]}
    return body


@asynccontextmanager
async def open_target(dsns: Dsns) -> AsyncIterator[Target]:
    async with open_front(dsns, metrics_token="a token for metrics") as front:
        books = await Books.open(dsns)
        bearer = await front.bearer("manager")
        own, foreign = await _facts(front, bearer), await _facts(front, await front.bearer("manager", "globex"))
        try:
            yield Target(front, books, bearer, own, foreign)
        finally:
            await books.close()


async def _facts(front: Front, bearer: dict[str, str]) -> Facts:
    found = (await front.post(_FACTS, headers=bearer)).json()["data"]
    orders = found["orders"]
    return Facts(orders["nodes"][0]["id"], found["customers"]["nodes"][0]["id"], orders["pageInfo"]["endCursor"])
