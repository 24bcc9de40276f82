"""Which media type answers a request, and with which status: the reading of Accept and Content-Type, and one table.

Without I/O. Every answer here depends on header bytes alone, so it is remembered (bounded) by them.

- The client's order decides (RFC 9110, 12.5.1): the highest weight, then the place in the header. A media type's
  weight and place come from the most specific range that matches it.
- No Accept, ``*/*`` and ``application/*`` mean ``application/json``, the type that every client understands.
- A subscription needs a client that named an event stream: ``*/*`` is what clients send that know nothing of them.
"""

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache


class Media(enum.StrEnum):
    """What an answer can be written as; their order decides where the client has no preference."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"
    STREAM = "text/event-stream"


CONTENT_TYPES: Mapping[Media, bytes] = {media: f"{media.value}; charset=utf-8".encode() for media in Media}

# code → (status as application/graphql-response+json, status as application/json). Only for operations that were
# refused before they ran: whatever has `data`, errors beside it or not, is 200.
STATUSES: Mapping[str, tuple[int, int]] = {
    "GRAPHQL_PARSE_FAILED": (400, 200),
    "GRAPHQL_VALIDATION_FAILED": (400, 200),
    "BAD_USER_INPUT": (400, 200),
    "BAD_REQUEST": (400, 400),
    "UNAUTHENTICATED": (401, 401),
    "FORBIDDEN": (403, 403),
    "NOT_FOUND": (404, 404),
    "CONFLICT": (409, 409),
    "RATE_LIMITED": (429, 429),
    "COST_LIMIT_EXCEEDED": (400, 200),
    "OPERATION_TIMEOUT": (504, 504),
    "CSRF_PREVENTION": (403, 403),
    "FEATURE_DISABLED": (400, 400),
    "QUERY_LIMIT_EXCEEDED": (400, 200),
    "OVERLOADED": (503, 503),
    "STREAM_LIMIT": (503, 503),
    "TENANT_SWITCHED": (403, 403),
    "TOKEN_EXPIRED": (401, 401),
    "PERSISTED_QUERY_NOT_FOUND": (404, 200),
    "PERSISTED_QUERY_NOT_SUPPORTED": (400, 200),
    "PERSISTED_QUERY_HASH_MISMATCH": (400, 400),
    "DOCUMENT_NOT_ALLOWED": (403, 403),
    "SESSION_REVOKED": (401, 401),
    "STREAM_RESYNC": (410, 410),
    "DRAINING": (503, 503),
    "INTERNAL_SERVER_ERROR": (500, 500),
}

# The same as application/graphql-response+json by the newest text (August 2026); `PARTIAL` is data with errors.
NEWEST: Mapping[str, int] = dict.fromkeys(
    ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "QUERY_LIMIT_EXCEEDED", "COST_LIMIT_EXCEEDED"), 422
)
PARTIAL = 294

# What a stream tells in a `next` event and 200 (graphql-sse, distinct connections mode: validation errors are results).
TOLD_IN_STREAM = frozenset(code for code, (_, status) in STATUSES.items() if status == 200)

STATUS_HEADERS: Mapping[int, tuple[tuple[bytes, bytes], ...]] = {
    401: ((b"www-authenticate", b'Bearer realm="tidegate"'),),
    429: ((b"retry-after", b"1"),),
    503: ((b"retry-after", b"1"),),
}

PARTS = "multipart/mixed"
_REMEMBERED = 256
_LONGEST_REMEMBERED = 512
_MOST_RANGES = 64
_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes. ``media``: the answer to a query or a mutation; None when nothing it asks for can be made.

    ``names_stream``: it asked for event streams in so many words; ``takes_stream``: it would take one;
    ``names_multipart``: it asked for subscriptions in parts (``web/sse/multipart.py``).
    """

    media: Media | None
    names_stream: bool
    takes_stream: bool
    names_multipart: bool = False


def status_of(code: str | None, media: Media, *, newest: bool = False, partial: bool = False) -> int:
    """The status of an answer with this code; None is an operation that ran, ``partial`` one with errors. A code
    without a row is our own fault. ``newest``: as the specification's newest text has it.
    """
    if newest and media is Media.GRAPHQL and (code in NEWEST or partial):
        return PARTIAL if code is None else NEWEST.get(code, 500)
    if code is None:
        return 200
    as_graphql, as_json = STATUSES.get(code, (500, 500))
    return as_json if media is Media.JSON else as_graphql


def negotiate(accept: bytes | None) -> Accepted:
    """What the value of Accept (several fields joined by commas) leads to."""
    if not accept:
        return Accepted(Media.JSON, names_stream=False, takes_stream=True)
    return _remembered(accept) if len(accept) <= _LONGEST_REMEMBERED else _negotiate(accept)


@lru_cache(_REMEMBERED)
def is_json(content_type: bytes) -> bool:
    """Whether it is exactly application/json, in UTF-8 where it says so."""
    essence, *parameters = content_type.decode("latin-1").lower().split(";")
    pairs = [parameter.partition("=")[::2] for parameter in parameters]
    charsets = [value.strip().strip('"') for name, value in pairs if name.strip() == "charset"]
    return essence.strip() == Media.JSON.value and all(charset in {"utf-8", "utf8"} for charset in charsets)


def takes(accept: bytes | None, essence: str) -> bool:
    """Whether a client with that Accept takes an answer of this type."""
    if not accept:
        return True
    decisive = _decisive(_ranges(accept), essence)
    return decisive is not None and decisive.weight > 0


def preferred(accept: bytes | None, offered: Iterable[str]) -> str | None:
    """Which of these types answers a client with that Accept; the first that it likes best, None for none."""
    ranges = _ranges(accept or b"*/*")
    found = ((each, _decisive(ranges, each)) for each in offered)
    ranked = [(-range.weight, range.place, each) for each, range in found if range is not None and range.weight > 0]
    return min(ranked, key=lambda each: each[:2])[2] if ranked else None


def _negotiate(accept: bytes) -> Accepted:
    ranges = _ranges(accept)
    ranked = []
    names_stream = takes_stream = False
    for media in Media:
        decisive = _decisive(ranges, media.value)
        if decisive is not None and decisive.weight > 0:
            ranked.append((-decisive.weight, decisive.place, media))
            if media is Media.STREAM:
                names_stream, takes_stream = decisive.specificity > 0, True
    in_parts = any(each.in_parts and each.weight > 0 for each in ranges)
    best = min(ranked, key=lambda each: each[:2])[2] if ranked else Media.JSON if in_parts else None
    return Accepted(best, names_stream, takes_stream, in_parts)


def _ranges(accept: bytes) -> "list[_Range]":
    """All that make sense."""
    texts = accept.decode("latin-1").lower().split(",", _MOST_RANGES)
    return [each for place, text in enumerate(texts) if (each := _Range.read(place, text)) is not None]


def _decisive(ranges: "list[_Range]", essence: str) -> "_Range | None":
    """The most specific that matches the type."""
    matching = [each for each in ranges if each.matches(essence)]
    return max(matching, key=lambda each: (each.specificity, each.weight), default=None)


_remembered = lru_cache(_REMEMBERED)(_negotiate)


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range of Accept. ``specificity``: 2 a type, 1 ``application/*``, 0 ``*/*``; ``in_parts``: it is
    ``multipart/mixed;subscriptionSpec=1.0``.
    """

    place: int
    essence: str
    weight: float
    specificity: int
    in_parts: bool = False

    @classmethod
    def read(cls, place: int, text: str) -> "_Range | None":
        """None for what is malformed, or asks for another charset than UTF-8: no answer could match it."""
        essence, *parameters = (part.strip() for part in text.split(";"))
        weight, in_parts = 1.0, False
        for name, _, value in (parameter.partition("=") for parameter in parameters):
            if name.strip() == "q":
                if not _WEIGHT.fullmatch(value.strip()):
                    return None
                weight = float(value)
            elif name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8", "*"}:
                return None
            elif name.strip() == "subscriptionspec":
                in_parts = essence == PARTS and value.strip().strip('"') == "1.0"
        specificity = 0 if essence == "*/*" else 1 if essence.endswith("/*") else 2
        return cls(place, essence, weight, specificity, in_parts)

    def matches(self, essence: str) -> bool:
        if self.specificity == 2:
            return self.essence == essence
        return self.specificity == 0 or essence.startswith(self.essence[:-1])
