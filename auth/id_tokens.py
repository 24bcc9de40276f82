"""What a provider signs: ID tokens (OpenID Connect Core, 3.1.3.7) and logout tokens (Back-Channel Logout, 2.6).

Every rule refuses; what a token says counts only when all of them hold.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from auth.errors import BadToken
from auth.key_sets import KeySets
from auth.providers import Provider

LEEWAY_SECONDS = 60
LONGEST_TOKEN = 16_384
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_LIFE_SECONDS = 120
_EMBEDDED = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
"""Header fields by which a token would bring its own key, or ask for rules that we do not know."""
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}
Claims = dict[str, Any]  # Any: JSON


async def read_id_token(
    keys: KeySets,
    provider: Provider,
    jwks_uri: str,
    token: object,
    *,
    nonce: str,
    access_token: str | None,
    now: datetime,
) -> Claims:
    """The claims of an ID token made for us, now, for this sign-in. Raises BadToken, ProviderFailed."""
    claims, algorithm = await _verified(keys, provider, jwks_uri, token)
    _check_common(claims, provider, now)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise BadToken("nonce")
    _check_subject(claims)
    at_hash = claims.get("at_hash")
    if at_hash is not None and at_hash != _half_hash(access_token or "", algorithm):
        raise BadToken("at_hash")
    return claims


async def read_logout_token(keys: KeySets, provider: Provider, jwks_uri: str, token: object, now: datetime) -> Claims:
    """The claims of a logout token. It may come twice: then it ends what it ended before. Raises BadToken."""
    claims, _ = await _verified(keys, provider, jwks_uri, token)
    _check_common(claims, provider, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise BadToken("events")
    if "nonce" in claims:
        raise BadToken("nonce in a logout token")
    if now.timestamp() - claims["iat"] > LOGOUT_LIFE_SECONDS:
        raise BadToken("old logout token")
    if claims.get("sid") is None:
        _check_subject(claims)
    elif not isinstance(claims["sid"], str):
        raise BadToken("sid")
    return claims


async def _verified(keys: KeySets, provider: Provider, jwks_uri: str, token: object) -> tuple[Claims, str]:
    """The claims behind a signature of one of the provider's keys, and the algorithm."""
    header = _header(token)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in provider.algorithms:
        raise BadToken("algorithm")
    if _EMBEDDED & header.keys():
        raise BadToken("header")
    if key_id is not None and not isinstance(key_id, str):
        raise BadToken("key id")
    key = await keys.key(jwks_uri, key_id)
    try:
        return dict(jwt.decode(str(token), key, algorithms=[algorithm]).claims), algorithm
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken("signature") from None


def _header(token: object) -> dict[str, Any]:  # Any: JSON
    """The header of a compact JWS: any other serialisation, and no signature at all, are refused."""
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken("malformed")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise BadToken("malformed")
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, RecursionError):
        raise BadToken("malformed") from None
    if not isinstance(header, dict):
        raise BadToken("malformed")
    return header


def _check_common(claims: Claims, provider: Provider, now: datetime) -> None:
    """Issuer, audience, authorised party and times, with ``LEEWAY_SECONDS`` of other clocks."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != provider.issuer:
        raise BadToken("issuer")
    if provider.client_id not in audiences:
        raise BadToken("audience")
    party = claims.get("azp")
    if (party is not None or len(audiences) > 1) and party != provider.client_id:
        raise BadToken("authorised party")
    seconds = now.timestamp()
    if _time(claims, "exp") <= seconds - LEEWAY_SECONDS:
        raise BadToken("expired")
    if _time(claims, "iat") > seconds + LEEWAY_SECONDS:
        raise BadToken("from the future")
    if "nbf" in claims and _time(claims, "nbf") > seconds + LEEWAY_SECONDS:
        raise BadToken("not yet")


def _check_subject(claims: Claims) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
        raise BadToken("subject")


def _time(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadToken(name)
    return float(value)


def _half_hash(access_token: str, algorithm: str) -> str:
    """OpenID Connect Core, 3.1.3.6: the left half of the hash that goes with the signature."""
    digest = _HASHES[algorithm[-3:]](access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
