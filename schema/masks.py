"""Masks: what of a sensitive value is shown to those who may see only that.

A field declares its mask with ``@sensitive``; the mask is put on where columns become values: in plans, in the
reference's resolvers and in patches, by the functions that are made here once for an operation. A value that is missing
is missing under its mask too.
"""

import secrets
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any

from schema.directives import MaskKind, Sensitive
from schema.scalars import write_time

Bound = int | float | datetime
Masker = Callable[[Any], Any]
"""From a value to what is shown of it."""
SHOWN, SHORTEST = 4, 8
"""Characters of a text that are shown, and how many it must have for that."""
_HASH_BYTES = 12
_TENANTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Mask:
    """A field's mask, and the permission with which it is seen."""

    kind: MaskKind
    permission: str
    bounds: tuple[Bound, ...] = ()

    @property
    def directive(self) -> Sensitive:
        """As the schema states it."""
        if not self.bounds:
            return Sensitive(mask=self.kind, permission=self.permission)
        written = [write_time(bound) if isinstance(bound, datetime) else str(bound) for bound in self.bounds]
        return Sensitive(mask=self.kind, permission=self.permission, bounds=written)

    def masker(self, key: bytes) -> Masker:
        """What puts it on; ``key`` is the tenant's own."""
        match self.kind:
            case MaskKind.LAST4:
                return _last4
            case MaskKind.HASH:
                return partial(_hash, blake2b(self.permission.encode(), key=key).digest())
            case MaskKind.BUCKET:
                return partial(_bucket, self.bounds)


def last4(permission: str) -> Mask:
    """Of a text the last four characters; of a short one none."""
    return Mask(MaskKind.LAST4, permission)


def hashed(permission: str) -> Mask:
    """A code instead of a text: the same for equal texts of one tenant under this permission."""
    return Mask(MaskKind.HASH, permission)


def bucketed(permission: str, *bounds: Bound) -> Mask:
    """Of a number or a time the greatest bound that is not above it; all below the second bound is the first. Raises
    ValueError for bounds that do not rise.
    """
    if len(bounds) < 2 or list(bounds) != sorted(set(bounds)):
        raise ValueError("a bucket needs two bounds at least, and they rise")
    return Mask(MaskKind.BUCKET, permission, bounds)


class MaskKeys:
    """The key of each tenant, derived from one of the deployment's."""

    def __init__(self, key: bytes) -> None:
        self.of = lru_cache(_TENANTS_KEPT)(partial(_derived, key))

    @classmethod
    def passing(cls) -> "MaskKeys":
        """Of this process alone: codes of today are not those of tomorrow."""
        return cls(secrets.token_bytes(32))


def _derived(key: bytes, tenant: str) -> bytes:
    return blake2b(tenant.encode(), key=key).digest()


def _last4(value: str | None) -> str | None:
    if value is None:
        return None
    return "****" + value[-SHOWN:] if len(value) >= SHORTEST else "****"


def _hash(key: bytes, value: str | None) -> str | None:
    """Without the key nobody can try out which text it may be."""
    if value is None:
        return None
    return "hash:" + blake2b(value.encode(), key=key, digest_size=_HASH_BYTES).hexdigest()


def _bucket(bounds: tuple[Any, ...], value: Any) -> Any:  # Any: a bound, and a value of its kind
    return None if value is None else bounds[max(0, bisect_right(bounds, value) - 1)]
