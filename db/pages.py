"""Pages: what is asked for, what comes back, and the cursor between two of them.

A cursor is the sort key of a row: opaque, signed, and bound to the tenant, the order and the filter it was made for.
Row-level security guards the rows; the tag refuses nonsense, so that a cursor of another list is an error and not a
wrong page.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from db.columns import printed
from db.errors import BadCursor, BadValue
from db.filters import Condition, shape_of, values_of
from db.tenancy import Row, TenantId

Key = tuple[Any, ...]  # Any: the values of the sort columns, each of its column's type
"""The place of a row in an order: its sort values, then its id."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAG = 8
_STANDARD = bytes.maketrans(b"-_+/", b"+/--")
"""From the alphabet of addresses to the one that is decoded; of its own signs none is left."""


class SortKey(NamedTuple):
    """One field of an order. ``nulls_last`` counts only for a nullable column."""

    column: str
    descending: bool = False
    nulls_last: bool = True


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a list. ``limit`` rows after ``after`` and before ``before`` (keys), from the end when
    ``backward``.
    """

    order: tuple[SortKey, ...]
    limit: int
    backward: bool = False
    after: Key | None = None
    before: Key | None = None
    offset: int = 0
    where: Condition | None = None
    words: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    """Which word sources the caller may search (see ``Listing.sources``)."""

    def between(self, after: Key | None, before: Key | None) -> "PageRequest":
        """The same of what lies between these."""
        return PageRequest(
            self.order, self.limit, self.backward, after, before, self.offset, self.where, self.words, self.sources
        )

    @property
    def place(self) -> tuple[object, ...]:
        """Which part of its list it asks for."""
        return self.limit, self.backward, self.after, self.before, self.offset


class Cut(NamedTuple):
    """Which part of the list a page is, without its values."""

    order: tuple[SortKey, ...]
    limit: int
    backward: bool
    after: bool
    before: bool
    offset: bool

    @classmethod
    def of(cls, request: PageRequest) -> "Cut":
        after, before = request.after is not None, request.before is not None
        return cls(request.order, request.limit, request.backward, after, before, request.offset > 0)


@dataclass(slots=True)
class Page:
    """Rows in list order. ``more`` tells whether the list goes on past the page in the direction it was read."""

    request: PageRequest
    rows: Sequence[Row]
    more: bool

    @classmethod
    def of(cls, request: PageRequest, rows: Sequence[Row]) -> "Page":
        """The page that these rows are, read in its direction with one more than it holds, if there is one."""
        kept = rows[: request.limit]
        return cls(request, kept[::-1] if request.backward else kept, len(rows) > request.limit)

    def key_of(self, row: Row) -> Key:
        return key_in(self.request.order, row)


def key_in(order: Sequence[SortKey], row: Row | Mapping[str, Any]) -> Key:  # Any: one value per column
    """The place of a row, or of an image of one, in the order."""
    return (*(_held(row, key.column) for key in order), row["id"])


def _held(row: Row | Mapping[str, Any], column: str) -> Any:  # Any: a column's value
    """The column's value, made of its printed text when that is all the row has."""
    try:
        return row[column]
    except KeyError:
        text = row[printed(column)]
        return None if text is None else datetime.fromisoformat(text)


class CursorCodec:
    """Makes and reads cursors. ``keys``: the first signs, all verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def encode(self, binding: bytes, key: Key) -> str:
        """About 3 µs: make cursors only when they are asked for."""
        body = (
            orjson.dumps(key, default=_refuse) if not _has_time(key) else orjson.dumps([_plain(value) for value in key])
        )
        return base64.urlsafe_b64encode(_tag(self._keys[0], binding, body) + body).rstrip(b"=").decode()

    def decode(self, binding: bytes, cursor: str) -> Key:
        """Raises BadCursor for anything that ``encode`` did not make for this binding."""
        try:
            text = cursor.encode("ascii").translate(_STANDARD) + b"=" * (-len(cursor) % 4)
            raw = binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            raise BadCursor("The cursor is malformed.") from None
        tag, body = raw[:_TAG], raw[_TAG:]
        if not any(hmac.compare_digest(tag, _tag(key, binding, body)) for key in self._keys):
            raise BadCursor("The cursor was not made for this list, its order and its filter.")
        return tuple(_rich(value) for value in orjson.loads(body))


def binding_of(
    tenant: TenantId, noun: str, order: Sequence[SortKey], where: Condition | None, words: Sequence[str]
) -> bytes:
    """What a page cursor is bound to: the tenant, the list, its order, its filter and its search. Raises BadValue for
    a value of the filter that no column can hold.
    """
    if where is None and not words:
        return _binding_of_all(tenant.hex, noun, tuple(order))
    filtered = None if where is None else (shape_of(where), [_plain(value) for value in values_of(where)])
    return _bound(tenant.hex, noun, order, filtered, words)


@lru_cache(maxsize=10_000)
def _binding_of_all(tenant: str, noun: str, order: tuple[SortKey, ...]) -> bytes:
    return _bound(tenant, noun, order, None, ())


def _bound(tenant: str, noun: str, order: Sequence[SortKey], filtered: object, words: Sequence[str]) -> bytes:
    parts = (tenant, noun, [(key.column, key.descending, key.nulls_last) for key in order], filtered, list(words))
    try:
        said = orjson.dumps(parts, default=str)
    except TypeError as error:  # a lone surrogate, an integer beyond 64 bits
        raise BadValue("A value is out of range or holds characters that text cannot hold.") from error
    return hashlib.blake2b(said, digest_size=16).digest()


def _tag(key: bytes, binding: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(binding + body, digest_size=_TAG, key=key, person=b"page").digest()


def _has_time(key: Key) -> bool:
    return any(isinstance(value, datetime) for value in key)


def _plain(value: Any) -> Any:  # Any: a sort value and its JSON form
    """A time becomes [whole microseconds]: the one-element list tells it from a number."""
    return [(value - _EPOCH) // timedelta(microseconds=1)] if isinstance(value, datetime) else value


def _rich(value: Any) -> Any:  # Any: as above, back
    return _EPOCH + timedelta(microseconds=value[0]) if isinstance(value, list) else value


def _refuse(value: object) -> object:
    raise TypeError(f"a sort key cannot hold {type(value).__name__}")
