"""Sends a case over a socket of its own, and reads the one answer."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.case import Case

PATIENCE = 20.0
"""Seconds until an answer counts as missing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. ``seconds``: from the first byte sent to the last one received; status 0 is no answer at all."""

    status: int
    fields: dict[str, str]
    body: str
    seconds: float
    missing: bool = False
    """Neither an answer nor an end, for as long as there was patience."""
    raw: bytes = field(default=b"", repr=False)

    @property
    def codes(self) -> set[str]:
        """Of its errors and user errors, whatever the answer's form."""
        return {code for value in self._values() for code in _codes_of(value)}

    @property
    def request_ids(self) -> set[str]:
        """That its errors name."""
        errors = [error for value in self._values() for error in value.get("errors") or ()]
        return {error["extensions"]["requestId"] for error in errors}

    def _values(self) -> Iterator[dict[str, Any]]:  # Any: JSON
        kind = self.fields.get("content-type", "") if self.body else ""
        lines = self.body.splitlines() if kind.startswith("text/event-stream") else [f"data: {self.body}"]
        for line in lines if "event-stream" in kind or "json" in kind else ():
            if line.startswith("data: "):
                value = json.loads(line.removeprefix("data: "))
                if isinstance(value, dict):
                    yield value


def _codes_of(value: dict[str, Any]) -> Iterator[str]:  # Any: JSON
    yield from (error["extensions"]["code"] for error in value.get("errors") or ())
    error = value.get("error")
    if isinstance(error, dict):
        yield error["code"]
    elif isinstance(error, str) and "code" in value:
        yield value["code"]
    for payload in (value.get("data") or {}).values() if isinstance(value.get("data"), dict) else ():
        if isinstance(payload, dict):
            yield from (each["code"] for each in payload.get("userErrors") or ())


async def send(port: int, case: Case) -> Reply:
    """The answer to a case. Whoever hangs up early, or is hung up on, is no failure here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    reading = asyncio.create_task(_read(reader, is_head=case.pieces[:1] != () and case.pieces[0].startswith(b"HEAD ")))
    missing = False
    try:
        async with asyncio.timeout(PATIENCE):
            await _write(writer, case, reading)
            raw = await reading
    except TimeoutError:
        raw, missing = b"", True
    finally:
        writer.close()
        with suppress(ConnectionError, TimeoutError):
            await writer.wait_closed()
    return _replied(raw, time.perf_counter() - began, missing=missing)


async def _write(writer: asyncio.StreamWriter, case: Case, reading: "asyncio.Task[bytes]") -> None:
    with suppress(ConnectionError):
        for piece in case.pieces:
            writer.write(piece)
            await writer.drain()
            if case.pause and not reading.done():
                await asyncio.wait([reading], timeout=case.pause)
            if reading.done():
                return
        if case.hang_up:
            writer.write_eof()


async def _read(reader: asyncio.StreamReader, *, is_head: bool) -> bytes:
    """One answer in whole, or what there was when the connection ended."""
    raw = b""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
        fields = _fields_of(raw)
        if is_head or raw.startswith(b"HTTP/1.1 304 "):
            return raw
        if "content-length" in fields:
            return raw + await reader.readexactly(int(fields["content-length"]))
        if fields.get("transfer-encoding") == "chunked":
            return raw + await _read_chunks(reader)
        return raw + await reader.read()
    except asyncio.IncompleteReadError as error:
        return raw + error.partial
    except ConnectionError:
        return raw


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    whole = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        whole += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return whole


def _fields_of(raw: bytes) -> dict[str, str]:
    lines = raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _replied(raw: bytes, seconds: float, *, missing: bool) -> Reply:
    head, _, body = raw.partition(b"\r\n\r\n")
    status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
    return Reply(status, _fields_of(raw), body.decode("utf-8", "replace"), seconds, missing, raw)
