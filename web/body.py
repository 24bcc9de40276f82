"""Reads what a request brings: its header fields, and its body within bounds. It never holds more than the bound."""

import asyncio
from collections.abc import Generator, Iterable, Mapping
from typing import Any

from starlette.types import Receive, Scope

from web.negotiation import is_json
from web.refusals import ClientGone, Refusal

MAX_BODY = 1_000_000
"""Bytes."""
BODY_SECONDS = 30
"""A body that takes longer to arrive is not waited for."""

Fields = Mapping[bytes, bytes]


def fields_of(scope: Scope) -> Fields:
    """Header fields by lower-case name; several of one name are joined by commas (RFC 9110, 5.3)."""
    headers = scope["headers"]
    fields: dict[bytes, bytes] = dict(headers)
    return fields if len(fields) == len(headers) else _joined(headers)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields[name] = fields[name] + b"," + value if name in fields else value
    return fields


async def read_json_body(fields: Fields, receive: Receive) -> bytes:
    """The body of a POST that says it is JSON. Raises Refusal: 415 for another type or an encoding, 413 for too much,
    408 for too slow; ClientGone.
    """
    if not is_json(fields.get(b"content-type", b"")):
        raise Refusal("BAD_REQUEST", "Send the request as Content-Type: application/json, in UTF-8.", 415)
    if b"content-encoding" in fields and fields[b"content-encoding"].strip().lower() != b"identity":
        raise Refusal("BAD_REQUEST", "Send the body as it is: compressed bodies are not read.", 415)
    check_length(fields)
    reading = _read(receive).__await__()
    try:
        waiting_for = next(reading)
    except StopIteration as done:  # the body was there already, as most are: a timer would cost more than reading it
        whole: bytes = done.value
        return whole
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _Begun(reading, waiting_for)
    except TimeoutError:
        raise Refusal("BAD_REQUEST", f"The body did not arrive within {BODY_SECONDS} s.", 408) from None


def check_length(fields: Fields) -> None:
    """Whoever announces too much is refused before it comes. Raises Refusal."""
    length = fields.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:20]) > MAX_BODY:
        raise _too_large()


class _Begun:
    """Goes on with what was begun by hand and came to wait for ``waiting_for``."""

    def __init__(self, begun: Generator[Any, None, bytes], waiting_for: Any) -> None:  # Any: what the loop waits for
        self._begun = begun
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, None, bytes]:  # Any: as above
        try:
            yield self._waiting_for
        except BaseException as error:
            self._begun.throw(error)
            raise
        return (yield from self._begun)


async def _read(receive: Receive) -> bytes:
    """Counted while it comes, so that a chunked body without a length is bounded too."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large() -> Refusal:
    return Refusal("BAD_REQUEST", f"A body holds at most {MAX_BODY} bytes.", 413)
