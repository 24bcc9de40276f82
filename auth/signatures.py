"""Signatures of others: a compact JWS by one of the keys that its issuer publishes, in an algorithm that we named.

Whatever a token would bring itself (its key, its algorithm, rules that we do not know) is refused.
"""

import base64
import json
import math
from collections.abc import Collection
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from auth.errors import BadToken
from auth.key_sets import KeySets

LONGEST_TOKEN = 16_384
Claims = dict[str, Any]  # Any: JSON
_EMBEDDED = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
"""Header fields by which a token would bring its own key, or ask for rules that we do not know."""


async def read_signed(
    keys: KeySets, jwks_uri: str, token: object, algorithms: Collection[str], types: Collection[object] | None = None
) -> tuple[Claims, str]:
    """The claims behind a signature of one of the keys at ``jwks_uri``, and the algorithm. ``types``: the values that
    the header's ``typ`` may have. Raises BadToken, ProviderFailed.
    """
    header = header_of(token)
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise BadToken("algorithm")
    if _EMBEDDED & header.keys():
        raise BadToken("header")
    if types is not None and (kind.lower() if isinstance(kind, str) else kind) not in types:
        raise BadToken("type")
    if key_id is not None and not isinstance(key_id, str):
        raise BadToken("key id")
    key = await keys.key(jwks_uri, key_id)
    try:
        return dict(jwt.decode(str(token), key, algorithms=[algorithm]).claims), algorithm
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken("signature") from None


def header_of(token: object) -> dict[str, Any]:  # Any: JSON
    """The header of a compact JWS: any other serialisation, and no signature at all, are refused."""
    return _part(token, 0)


def unverified(token: object) -> Claims:
    """What a token claims, believed by nobody: good for finding out whose keys to ask for. Raises BadToken."""
    return _part(token, 1)


def seconds_in(claims: Claims, name: str) -> float:
    """A time that a token says. Raises BadToken for what is none, and for what no clock shows."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadToken(name)
    try:
        seconds = float(value)
    except OverflowError:
        raise BadToken(name) from None
    if not math.isfinite(seconds):  # nothing is later than what is no number
        raise BadToken(name)
    return seconds


def name_in(claims: Claims, name: str) -> str | None:
    """What a token calls somebody or something, if it can be kept: short and printable."""
    value = claims.get(name)
    return value if isinstance(value, str) and 1 <= len(value) <= 255 and value.isprintable() else None


def _part(token: object, place: int) -> dict[str, Any]:  # Any: JSON
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken("malformed")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise BadToken("malformed")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[place] + "=" * (-len(parts[place]) % 4)))
    except (ValueError, RecursionError):
        raise BadToken("malformed") from None
    if not isinstance(found, dict):
        raise BadToken("malformed")
    return found
