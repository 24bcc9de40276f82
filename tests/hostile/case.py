"""One hostile request: the bytes that are sent, and what may come back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tests.support.server import GRAPHQL, JSON

CLOSED = (0, "")
"""Hung up on without an answer, as HTTP has it for what is no request at all."""
ANSWERED = ""
"""The code of an answer that refuses nothing: what was sent is harmless, and did no harm."""

Outcome = tuple[int, str]
"""A status and a code."""
Fields = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Prey:
    """What the sender knows: tokens of a manager and of somebody in another tenant, an order and cursors of both."""

    bearer: str
    cookie: str
    order: str
    cursor: str
    foreign_order: str
    foreign_cursor: str


NOBODY = Prey("bearer", "cookie", "ord_0", "cursor", "ord_1", "foreign")
"""To know the names of all cases without a server."""


@dataclass(frozen=True, slots=True)
class Case:
    """``name`` says what is sent. The pieces go out one after the other, ``pause`` seconds apart; ``hang_up``: then the
    sender says no more, but listens.
    """

    name: str
    pieces: tuple[bytes, ...]
    outcome: Outcome
    pause: float = 0.0
    hang_up: bool = False


def request(method: str, target: str, fields: Fields | None = None, body: bytes = b"") -> bytes:
    """A request in whole, whatever is wrong with it; it has a Content-Length unless the fields say how long it is."""
    given = {"Host": "x", **(fields or {})}
    if body and not {"Content-Length", "Transfer-Encoding"} & given.keys():
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1".encode()]
    lines += [name.encode() + b": " + _bytes(value) for name, value in given.items()]
    return b"\r\n".join((*lines, b"", body))


def posted(prey: Prey, body: object, fields: Fields | None = None, path: str = "/graphql") -> bytes:
    """A POST of JSON by the manager; bytes go as they are."""
    told = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual = {"Content-Type": JSON, "Accept": GRAPHQL, "Authorization": prey.bearer}
    return request("POST", path, {**usual, **(fields or {})}, told)


def got(prey: Prey, target: str, fields: Fields | None = None, **query: str) -> bytes:
    """A GET by the manager."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    usual = {"Accept": GRAPHQL, "Authorization": prey.bearer}
    return request("GET", f"{target}?{asked}" if asked else target, {**usual, **(fields or {})})


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
