"""Whole answers onto the wire: a status, header fields and bytes, without Response objects."""

from collections.abc import Iterable, Mapping

import orjson
from starlette.types import Send

from web.refusals import Header

JSON = b"application/json; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"
NO_STORE: Header = (b"cache-control", b"no-store")


async def send_bytes(send: Send, status: int, content_type: bytes, body: bytes, headers: Iterable[Header] = ()) -> None:
    """One whole response."""
    fields = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, value: Mapping[str, object], headers: Iterable[Header] = ()) -> None:
    """A JSON object that nobody keeps."""
    await send_bytes(send, status, JSON, orjson.dumps(value), (NO_STORE, *headers))


def error_body(code: str, message: str, request_id: str) -> dict[str, object]:
    """An answer in the shape of GraphQL's refusals, for routes that have no schema behind them."""
    return {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}
