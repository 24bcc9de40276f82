"""The frames of an event stream, as bytes. No I/O; the vocabulary of graphql-sse.

Rules
- Lines end with LF alone: urql's parser fails on CRLF.
- The only event names are ``next`` and ``complete``: any other is fatal to graphql-sse's client. Control data rides in
  comments, in ``id:`` and in ``retry:``, which disturb no client.
- ``data:`` is there even on ``complete``: browsers drop an event without it.
- ``id:`` stands only where a cursor does: on what the log holds, and on a ping when the cursor moved without a match.
- Nothing that a client sent gets into a frame raw, and no payload breaks a line: neither one by the standard's rule
  (CR, LF), nor one by the wider rule of clients that split text as Python does (NEL, LS, PS).
"""

import json
import re

RETRY_MILLISECONDS = 1000
OPENING = b":\n\nretry: %d\n\n" % RETRY_MILLISECONDS
"""The first bytes, sent with the headers: Firefox and Safari show no headers before there is a byte."""
PING = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"

_ID = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_WIDE_BREAKS = ((b"\xc2\x85", b"\\u0085"), (b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


def next_event(payload: bytes, cursor: str | None = None) -> bytes:
    """One execution result (JSON on one line). Raises ValueError for a payload or a cursor that would break a line."""
    if b"\n" in payload or b"\r" in payload:
        raise ValueError("a payload is one line of JSON")
    for raw, escaped in _WIDE_BREAKS:
        if raw in payload:
            payload = payload.replace(raw, escaped)
    return b"event: next\n%sdata: %s\n\n" % (_id_line(cursor), payload)


def named(operation: str, payload: bytes) -> bytes:
    """A result of one operation among many, as single connection mode wraps it."""
    return b'{"id":%s,"payload":%s}' % (_text(operation), payload)


def complete_of(operation: str) -> bytes:
    """One operation among many is over."""
    return b'event: complete\ndata: {"id":%s}\n\n' % _text(operation)


def retry(milliseconds: int, cursor: str | None = None) -> bytes:
    """When to come back, and from where."""
    return b"retry: %d\n%s\n" % (milliseconds, _id_line(cursor))


def ping(cursor: str | None = None) -> bytes:
    """A comment that keeps the connection open; with a cursor it moves the client's last event id, silently."""
    return PING if cursor is None else b":\n%s\n" % _id_line(cursor)


def _id_line(cursor: str | None) -> bytes:
    if cursor is None:
        return b""
    if not _ID.fullmatch(cursor):
        raise ValueError("a cursor is URL-safe text")
    return b"id: %s\n" % cursor.encode()


def _text(value: str) -> bytes:
    """A client's text as JSON in ASCII: it breaks no line."""
    return json.dumps(value).encode()
