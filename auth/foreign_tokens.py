"""Bearer tokens that others signed: verified by their issuer's keys, and mapped to users and memberships of ours.

Theory of operation
- The unverified ``iss`` chooses a configured issuer and nothing else; a token of an issuer that is not configured is no
  token. Signature, type, audience and times must hold before anything else of it counts.
- Issuer and subject are then a user of ours, by the links and rules of ``auth/linking.py``: as for a sign-in.
- What came of it is kept for minutes by the token's digest, so that a known token costs no signature. Whether its user
  is still there, and a member, is asked as for every other credential.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from auth.discovery import Discovery
from auth.errors import BadToken, Forbidden
from auth.flights import Flights
from auth.issuers import Issuer
from auth.key_sets import KeySets
from auth.linking import Arrival, known_here
from auth.outside import Outside
from auth.signatures import Claims, header_of, name_in, read_signed, seconds_in, unverified
from auth.tokens import ALGORITHMS as OURS
from auth.tokens import LONGEST_TOKEN, TokenClaims
from db.clock import Clock
from db.directory import Directory

KEPT = timedelta(minutes=5)
"""How long a verified token is good without looking at its signature again: for so long may a key that was withdrawn
go on to count.
"""
MOST = 20_000
_TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
"""A token of another type (an ID token for logging out, an event) was not made to be an access token."""


class ForeignTokens:
    """One a process."""

    def __init__(self, issuers: Sequence[Issuer], directory: Directory, outside: Outside, clock: Clock) -> None:
        self._issuers = {each.issuer: each for each in issuers}
        self._directory = directory
        self._clock = clock
        self._discovery = Discovery(outside, ("jwks_uri",))
        self._keys = KeySets(outside)
        self._kept: OrderedDict[bytes, tuple[TokenClaims, datetime]] = OrderedDict()
        self._flights = Flights[TokenClaims]()

    def takes(self, token: str) -> bool:
        """Whether it says that another one signed it. What is no token at all is nobody's."""
        if not self._issuers or len(token) > LONGEST_TOKEN:
            return False
        try:
            return header_of(token).get("alg") not in OURS
        except BadToken:
            return False

    def known(self, token: str) -> TokenClaims | None:
        """What it says, if it was verified lately and has not expired."""
        found = self._kept.get(_digest(token))
        return found[0] if found is not None and self._clock() < found[1] else None

    async def verify(self, token: str) -> TokenClaims:
        """What it says: whose it is here, for which tenant, until when. Raises BadToken, Forbidden, ProviderFailed."""
        found = self.known(token)
        return found or await self._flights.join(_digest(token), lambda: self._verify(token))

    async def _verify(self, token: str) -> TokenClaims:
        issuer = self._issuers.get(str(unverified(token).get("iss")))
        if issuer is None:
            raise BadToken("unknown issuer")
        keys_at = issuer.jwks_uri or (await self._discovery.document(issuer.issuer))["jwks_uri"]
        claims, _ = await read_signed(self._keys, keys_at, token, issuer.algorithms, _TYPES)
        now = self._clock()
        expires_at = _check(claims, issuer, now)
        told = await self._mapped(issuer, claims, expires_at)
        self._kept[_digest(token)] = (told, min(expires_at, now + KEPT))
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return told

    async def _mapped(self, issuer: Issuer, claims: Claims, expires_at: datetime) -> TokenClaims:
        user, memberships = await known_here(
            self._directory, Arrival(issuer.issuer, claims, self._clock()), issuer.join
        )
        named = claims.get(issuer.tenant_claim) if issuer.tenant_claim is not None else None
        if named is not None:
            memberships = [each for each in memberships if each["slug"] == named]
        if not memberships:
            raise Forbidden("no membership", "You belong to no such tenant.")
        return TokenClaims(
            user_id=user["id"],
            tenant_id=memberships[0]["tenant_id"],
            token_id=str(claims.get("jti", ""))[:100],
            credentials_version=None,
            expires_at=expires_at,
            bound=named is not None,
        )


def _check(claims: Claims, issuer: Issuer, now: datetime) -> datetime:
    """When the token ends; audience, subject and times must hold. Raises BadToken."""
    audience = claims.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        raise BadToken("audience")
    if claims.get("iss") != issuer.issuer:
        raise BadToken("issuer")
    if name_in(claims, "sub") is None:
        raise BadToken("subject")
    seconds, leeway = now.timestamp(), issuer.leeway_seconds
    expires = seconds_in(claims, "exp")
    if expires <= seconds - leeway:
        raise BadToken("expired", "The token has expired.")
    for name in ("nbf", "iat"):
        if name in claims and seconds_in(claims, name) > seconds + leeway:
            raise BadToken("from the future")
    try:
        return datetime.fromtimestamp(expires + leeway, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadToken("exp") from None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
