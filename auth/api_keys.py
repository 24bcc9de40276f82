"""API keys: the credentials of partners and services.

``tgk_`` + 12 characters that name the key + 26 of secret (130 bits) + 7 of checksum, all of Crockford's base 32 in
lower case. The name is public and searchable, the secret is kept as a hash alone, the checksum (CRC-32 of all before
it) tells a mistyped key from a wrong one without asking anybody, and scanners a key from chance.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auth.errors import BadKey, OperatorError
from auth.permissions import PermissionSet, is_known

PREFIX = "tgk_"
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_NAME, _SECRET, _CHECK = 12, 26, 7
NAME = re.compile(f"{PREFIX}[{_ALPHABET}]{{{_NAME}}}")
LENGTH = len(PREFIX) + _NAME + _SECRET + _CHECK
_NOBODY = b"\0" * 32
MOST_GRANTS = 100


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """What a key says: which one it is, and the hash of its secret."""

    name: str
    secret_hash: bytes


def make_key() -> tuple[str, str, bytes]:
    """A new key's text (shown once, kept nowhere), its name, and the hash of its secret."""
    name, secret = PREFIX + _draw(_NAME), _draw(_SECRET)
    return name + secret + _checksum(name + secret), name, _hash(secret)


def read_key(text: str) -> KeyClaim:
    """What the text says. Raises BadKey for what was never made here."""
    body, check = text[:-_CHECK], text[-_CHECK:]
    if len(text) != LENGTH or not text.isascii() or not hmac.compare_digest(_checksum(body), check):
        raise BadKey("checksum")
    cut = len(PREFIX) + _NAME
    return KeyClaim(body[:cut], _hash(body[cut:]))


def name_of(text: str) -> str:
    """The public half of what may be a whole key, so that no secret is searched for or repeated."""
    return text[: len(PREFIX) + _NAME]


def is_right(claim: KeyClaim, stored: bytes | None) -> bool:
    """Whether the secret is the key's. As long for a key that does not exist."""
    return hmac.compare_digest(claim.secret_hash, _NOBODY if stored is None else stored) and stored is not None


def narrowed(wanted: Iterable[str], held: PermissionSet) -> frozenset[str]:
    """What of the wanted grants the maker's own cover: a key never does more than who made it, today."""
    found = set()
    for grant in wanted:
        if held.covers(grant):
            found.add(grant)
        elif grant.endswith("*"):
            found |= {each for each in held.grants if each.startswith(grant[:-1])}
    return frozenset(found)


def checked_grants(wanted: Sequence[str], held: PermissionSet) -> list[str]:
    """The grants for a new key. Raises OperatorError for one that is unknown, or more than the maker has."""
    if len(wanted) > MOST_GRANTS:
        raise OperatorError("permission", f"A key has at most {MOST_GRANTS} permissions.")
    for grant in wanted:
        if not is_known(grant):
            raise OperatorError("permission", f"There is no permission {grant[:40]!r}.")
        if not held.covers(grant):
            raise OperatorError("beyond", f"Whoever makes the key does not have {grant!r}.")
    if not wanted:
        raise OperatorError("permission", "A key needs at least one permission.")
    return sorted(set(wanted))


def _draw(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(secret: str) -> bytes:
    """Plain SHA-256: the secret is random, so there is nothing to guess and nothing to slow down."""
    return hashlib.sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode("ascii", "replace"))
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(30, -1, -5))
