"""Every way in which a browser, a program or another site's page may send a request with a cookie, and who may."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TYPES: Mapping[str, str | None] = {
    "JSON": "application/json",
    "a form": "application/x-www-form-urlencoded",
    "text": "text/plain",
    "multipart": "multipart/form-data; boundary=x",
    "no type": None,
}
ORIGINS: Mapping[str, tuple[Mapping[str, str], bool | None]] = {
    "silent": ({}, None),
    "own page": ({"Sec-Fetch-Site": "same-origin"}, True),
    "address bar": ({"Sec-Fetch-Site": "none"}, True),
    "own Origin": ({"Origin": "http://{host}"}, True),
    "sister site": ({"Sec-Fetch-Site": "same-site"}, False),
    "other site": ({"Sec-Fetch-Site": "cross-site"}, False),
    "other site, own Origin": ({"Sec-Fetch-Site": "cross-site", "Origin": "http://{host}"}, False),
    "foreign Origin": ({"Origin": "https://evil.example"}, False),
    "null Origin": ({"Origin": "null"}, False),
}
"""Header fields, and whether they say that our own page sent the request; None where they say nothing."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One request of the matrix."""

    method: str
    kind: str
    origin: str

    @property
    def own(self) -> bool | None:
        return ORIGINS[self.origin][1]

    def __str__(self) -> str:
        return f"{self.method}, {self.kind}, {self.origin}"


def cells() -> Iterator[Cell]:
    return (Cell(*each) for each in product(METHODS, TYPES, ORIGINS))


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer's status, head and body."""

    status: int
    head: str
    body: str


class Speaker:
    """Speaks HTTP/1.1 by hand on one connection: no client that adds or refuses anything."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def say(self, target: str, cell: Cell, fields: Mapping[str, str], body: bytes) -> Heard:
        """The answer to one request of the matrix."""
        kind = TYPES[cell.kind]
        sent = {**fields, **ORIGINS[cell.origin][0], **({} if kind is None else {"Content-Type": kind})}
        head = "".join(f"{name}: {value.format(host=self._host)}\r\n" for name, value in sent.items())
        length = f"Content-Length: {len(body)}\r\n" if cell.method not in {"GET", "HEAD", "OPTIONS"} else ""
        text = f"{cell.method} {target} HTTP/1.1\r\nHost: {self._host}\r\n{head}{length}\r\n"
        return await self._exchange(text.encode() + (body if length else b""), cell.method)

    async def aclose(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: bytes, method: str) -> Heard:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        async with asyncio.timeout(60):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, fields = int(head.split()[1]), head.lower()
            body = b""
            if method != "HEAD" and status not in {204, 304}:
                body = await self._body(self._reader, fields)
        if "connection: close" in fields:
            await self.aclose()
        return Heard(status, head, body.decode())

    async def _body(self, reader: asyncio.StreamReader, fields: str) -> bytes:
        if "content-length: " in fields:
            return await reader.readexactly(int(fields.partition("content-length: ")[2].split("\r\n")[0]))
        body = b""
        while "transfer-encoding: chunked" in fields:
            size = int(await reader.readline(), 16)
            body += (await reader.readexactly(size + 2))[:size]
            if not size:
                break
        return body
