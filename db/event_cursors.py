"""The cursor of a stream: one place in one tenant's log, as opaque text.

It carries the sequence number, the event's time (so that a read skips older partitions) and the epoch of the database
cluster (so that a promoted standby makes old cursors "gone" instead of "wait for ever"), under a keyed tag that binds
the tenant.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from db.errors import BadCursor, CursorExpired
from db.events import Position
from db.tenancy import TenantId

_BODY = struct.Struct(">IqQ")
_TAG = 8
_START = datetime(1970, 1, 1, tzinfo=UTC)


class EventCursorCodec:
    """``keys``: the first signs, all verify. ``epoch``: 32 bits that name the cluster and its timeline."""

    def __init__(self, keys: Sequence[bytes], epoch: int) -> None:
        self._keys = tuple(keys)
        self._epoch = epoch

    def encode(self, tenant: TenantId, position: Position) -> str:
        micros = (position.ts - _START) // timedelta(microseconds=1)
        body = _BODY.pack(self._epoch, micros, position.seq)
        return _text(_tag(self._keys[0], tenant, body) + body)

    def decode(self, tenant: TenantId, cursor: str) -> Position:
        """Raises BadCursor for what was not made here for this tenant, CursorExpired for another epoch's."""
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise BadCursor("The cursor is malformed.") from None
        if _text(raw) != cursor:  # padded, or other bits where the last character has some to spare
            raise BadCursor("The cursor is malformed.")
        tag, body = raw[:_TAG], raw[_TAG:]
        if len(body) != _BODY.size or not any(hmac.compare_digest(tag, _tag(key, tenant, body)) for key in self._keys):
            raise BadCursor("The cursor was not made for this tenant's log.")
        epoch, micros, seq = _BODY.unpack(body)
        if epoch != self._epoch:
            raise CursorExpired("The cursor is from before the database was replaced.")
        return Position(seq, _START + timedelta(microseconds=micros))


def _text(raw: bytes) -> str:
    """The one text of a cursor: an event has one id."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def epoch_of(system_identifier: int, timeline: int) -> int:
    """32 bits that change when the cluster is another one or a standby was promoted."""
    return int.from_bytes(hashlib.blake2b(f"{system_identifier}/{timeline}".encode(), digest_size=4).digest())


def _tag(key: bytes, tenant: TenantId, body: bytes) -> bytes:
    return hashlib.blake2b(bytes.fromhex(tenant.hex) + body, digest_size=_TAG, key=key, person=b"event").digest()
