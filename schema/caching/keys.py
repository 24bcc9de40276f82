"""What an answer is found again by: everything that it depends on, and so everything that may tell two callers apart.

Whoever an operation is executed for is in the key with all their attributes, whatever those are: what the execution
cannot tell apart may share an answer, and nothing else. Executed for is nobody in particular where callers share
(``Principal.impersonal``), so what depends on a person could not get into what others are given.
"""

import enum
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import lru_cache

from auth.permissions import PermissionSet
from auth.principal import Principal
from db.scopes import EVERY_ROW
from schema.caching.declared import CacheScope
from schema.requests import Ready

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom an answer is made for; None is nobody, who is not even signed in."""

    principal: Principal | None
    digest: bytes
    """Of all that they are."""
    shared: bool
    """Whether others may be given it."""


def somebody_for(scope: CacheScope, caller: Principal | None) -> Somebody | None:
    """Whom to make a caller's answer for; None where it cannot be kept for anybody. Who reaches their own rows alone
    has their own answers.
    """
    if scope is CacheScope.PUBLIC:
        return _anybody(None if caller is None else caller.permissions)
    if caller is None:
        return None
    if scope is CacheScope.PRIVATE or caller.scope != EVERY_ROW:
        return _oneself(caller)
    return _one_of_many(caller)


def key_of(ready: Ready, who: Somebody) -> bytes:
    """What the operation says, and for whom. What a request says of variables that it has not is nothing."""
    coerced = ready.execution.variable_values.coerced
    given = {name: value for name, value in ready.variables.items() if name in coerced} if coerced else {}
    said = json.dumps([ready.document.id, ready.name, given], sort_keys=True)
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES, key=who.digest).digest()


@lru_cache(maxsize=2_000)
def _oneself(caller: Principal) -> Somebody:
    return Somebody(caller, _digest("private", caller), shared=False)


@lru_cache(maxsize=2_000)
def _one_of_many(caller: Principal) -> Somebody:
    nobody = caller.impersonal()
    return Somebody(nobody, _digest("tenant", nobody), shared=True)


@lru_cache(maxsize=1_000)
def _anybody(permissions: PermissionSet | None) -> Somebody:
    return Somebody(None, _digest("public", permissions), shared=True)


def _digest(kind: str, value: object) -> bytes:
    told = json.dumps([kind, plain(value)], sort_keys=True)
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def plain(value: object) -> object:
    """The value as JSON, the same in every process, and another one for every other value. Raises TypeError for a kind
    of value that it has no words for.
    """
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, enum.Enum):
        return [type(value).__name__, value.name]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Collection):
        parts = [plain(each) for each in value]
        return parts if isinstance(value, tuple | list) else {"set": sorted(map(json.dumps, parts))}
    if is_dataclass(value):
        # What does not count where two are compared tells nobody apart: one process remembers it with the value.
        return {each.name: plain(getattr(value, each.name)) for each in fields(value) if each.compare}
    raise TypeError(f"a {type(value).__name__} tells callers apart, and has no words")
