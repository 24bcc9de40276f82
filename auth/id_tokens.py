"""What a provider signs: ID tokens (OpenID Connect Core, 3.1.3.7) and logout tokens (Back-Channel Logout, 2.6).

Every rule refuses; what a token says counts only when all of them hold.
"""

import base64
import hashlib
import hmac
from datetime import datetime

from auth.errors import BadToken
from auth.key_sets import KeySets
from auth.providers import Provider
from auth.signatures import Claims, name_in, read_signed, seconds_in

LEEWAY_SECONDS = 60
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_LIFE_SECONDS = 120
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}


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
    claims, algorithm = await read_signed(keys, jwks_uri, token, provider.algorithms)
    _check_common(claims, provider, now)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(errors="replace"), nonce.encode()):
        raise BadToken("nonce")
    _check_subject(claims)
    at_hash = claims.get("at_hash")
    if at_hash is not None and at_hash != _half_hash(access_token or "", algorithm):
        raise BadToken("at_hash")
    return claims


async def read_logout_token(keys: KeySets, provider: Provider, jwks_uri: str, token: object, now: datetime) -> Claims:
    """The claims of a logout token. It may come twice: then it ends what it ended before. Raises BadToken."""
    claims, _ = await read_signed(keys, jwks_uri, token, provider.algorithms)
    _check_common(claims, provider, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise BadToken("events")
    if "nonce" in claims:
        raise BadToken("nonce in a logout token")
    if now.timestamp() - seconds_in(claims, "iat") > LOGOUT_LIFE_SECONDS:
        raise BadToken("old logout token")
    if claims.get("sid") is None:
        _check_subject(claims)
    elif name_in(claims, "sid") is None:
        raise BadToken("sid")
    return claims


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
    if seconds_in(claims, "exp") <= seconds - LEEWAY_SECONDS:
        raise BadToken("expired")
    if seconds_in(claims, "iat") > seconds + LEEWAY_SECONDS:
        raise BadToken("from the future")
    if "nbf" in claims and seconds_in(claims, "nbf") > seconds + LEEWAY_SECONDS:
        raise BadToken("not yet")


def _check_subject(claims: Claims) -> None:
    if name_in(claims, "sub") is None:
        raise BadToken("subject")


def _half_hash(access_token: str, algorithm: str) -> str:
    """OpenID Connect Core, 3.1.3.6: the left half of the hash that goes with the signature."""
    digest = _HASHES[algorithm[-3:]](access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
