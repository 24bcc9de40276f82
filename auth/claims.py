"""What credentials are, and whom they speak for as far as they say themselves: judged by ``auth/authenticate.py``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from auth.api_keys import KeyClaim
from auth.tokens import TokenClaims


class Credentials(NamedTuple):
    """What the front door read off a request, unjudged. A bearer token goes before a session."""

    bearer: str | None
    session: str | None
    tenant_slug: str | None
    address: str | None = None
    """Where the request comes from: it changes nothing of who is calling, but may of what that caller may do."""
    stream: str | None = None
    """A stream token: good for opening event streams alone, so nothing else may come with it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom credentials speak for, as far as they say themselves: a token's words, a session's hash, or a key."""

    token: TokenClaims | None
    session: bytes | None
    slug: str | None
    """The tenant asked for; None for the credentials' own."""
    key: KeyClaim | None = None
    address: str | None = None


def claim_to_json(claim: Claim) -> Mapping[str, Any]:  # Any: JSON
    """What a credential says; nothing of it is good for signing in."""
    told = None if claim.token is None else asdict(claim.token)
    if told is not None:
        told["expires_at"] = told["expires_at"].timestamp()
    key = None if claim.key is None else {**asdict(claim.key), "secret_hash": claim.key.secret_hash.hex()}
    session = claim.session and claim.session.hex()
    return {"token": told, "session": session, "slug": claim.slug, "key": key, "address": claim.address}


def claim_from_json(told: Mapping[str, Any]) -> Claim:  # Any: JSON
    token = told["token"]
    if token is not None:
        token = replace(TokenClaims(**token), expires_at=datetime.fromtimestamp(token["expires_at"], UTC))
    key = told["key"]
    if key is not None:
        key = KeyClaim(**{**key, "secret_hash": bytes.fromhex(key["secret_hash"])})
    session = told["session"] and bytes.fromhex(told["session"])
    return Claim(token, session, told["slug"], key, told["address"])
