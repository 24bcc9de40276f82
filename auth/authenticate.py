"""Credentials → Principal, by one statement of the directory. The only minter of a TenantId.

The tenant is the session's or the token's own, unless ``X-Tenant`` names another one that the caller belongs to.
Nothing else chooses a tenant.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from auth.errors import AuthError, BadSession, BadToken, Forbidden, OperatorError
from auth.keyring import Keyring
from auth.permissions import PermissionSet
from auth.principal import Principal
from auth.principal_cache import EVERYBODY, PrincipalCache
from auth.sessions import TOUCHED_EVERY, ends_at, hash_of
from auth.tokens import read_token
from db.clock import Clock, utc_now
from db.directory import IDENTITY_CHANNEL, Directory, Row
from db.listener import Listener
from db.tenancy import TenantId

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
NOT_YOURS = "You belong to no tenant of that name."
"""The same for a tenant that does not exist and for another's: which ones exist is not told."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the front door read off a request, unjudged. A bearer token goes before a session."""

    bearer: str | None
    session: str | None
    tenant_slug: str | None


class Authenticator:
    """One a process. What changes in the directory counts from the next request on, cache or not."""

    def __init__(
        self, directory: Directory, keyring: Keyring, clock: Clock = utc_now, cache: PrincipalCache | None = None
    ) -> None:
        self._directory = directory
        self._keyring = keyring
        self._cache = cache
        self.clock = clock

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """Who is calling; None without any credentials.

        Raises BadToken, BadSession, and Forbidden for a ``tenant_slug`` that is not one of the caller's.
        """
        if credentials.bearer is None and credentials.session is None:
            return None
        if self._cache is None:
            return await self._ask(credentials)
        now, mark = self.clock(), self._cache.mark()
        known = self._cache.get(credentials, now)
        if known is None:
            known = await self._ask(credentials)
            self._cache.put(credentials, known, now, mark)
        return known

    async def _ask(self, credentials: Credentials) -> Principal:
        slug = credentials.tenant_slug
        if slug is not None and not SLUG.fullmatch(slug):
            slug = ""  # nobody's
        if credentials.bearer is not None:
            return await self._by_token(credentials.bearer, slug)
        return await self._by_session(credentials.session or "", slug)

    async def _by_token(self, token: str, slug: str | None) -> Principal:
        claims = read_token(self._keyring, token, self.clock())
        row = await self._directory.membership(claims.user_id, tenant_id=claims.tenant_id, tenant_slug=slug)
        if row is None:
            raise BadToken("user gone")
        _require_member(row, slug, BadToken)
        return _principal(row, None, claims.expires_at)

    async def _by_session(self, secret: str, slug: str | None) -> Principal:
        id_hash = hash_of(secret)
        if id_hash is None:
            raise BadSession("malformed")
        row = await self._directory.session(id_hash, slug)
        if row is None:
            raise BadSession("unknown")
        now = self.clock()
        if row["revoked_at"] is not None:
            raise BadSession("revoked")
        if now >= ends_at(row["seen_at"], row["expires_at"]):
            raise BadSession("expired")
        _require_member(row, slug, BadSession)
        if now - row["seen_at"] >= TOUCHED_EVERY:
            await self._directory.touch_session(id_hash, TOUCHED_EVERY)
        return _principal(row, id_hash.hex(), row["expires_at"])


async def open_authenticator(directory: Directory, keyring: Keyring, clock: Clock = utc_now) -> Authenticator:
    """An authenticator that knows its callers for seconds, and hears of every change that ends what it knows."""
    listener: Listener | None = None
    cache = PrincipalCache(lambda: listener is not None and listener.listening)
    listener = await directory.listen(IDENTITY_CHANNEL, cache.forget, lambda: cache.forget(EVERYBODY))
    return Authenticator(directory, keyring, clock, cache)


async def tenant_of_operator(directory: Directory, slug: str) -> TenantId:
    """The tenant that an operator's command names. Raises OperatorError."""
    row = await directory.tenant_by_slug(slug)
    if row is None:
        raise OperatorError("no such tenant", f"There is no tenant {slug!r}.")
    return TenantId(row["id"])


def _require_member(row: Row, slug: str | None, refusal: type[AuthError]) -> None:
    """Not a member of the tenant asked for: forbidden. Not of the credentials' own: they are worth nothing any more."""
    if row["disabled_at"] is not None:
        raise refusal("user disabled")
    if row["role"] is None:
        raise Forbidden("not a member", NOT_YOURS) if slug is not None else refusal("membership gone")


def _principal(row: Row, session_id: str | None, expires_at: datetime) -> Principal:
    return Principal(
        user_id=row["user_id"],
        email=row["email"],
        name=row["user_name"],
        tenant=TenantId(row["tenant_id"]),
        tenant_slug=row["tenant_slug"],
        tenant_name=row["tenant_name"],
        roles=(row["role"],),
        permissions=PermissionSet.of(row["permissions"]),
        permissions_version=_version(row),
        session_id=session_id,
        expires_at=expires_at,
    )


def _version(row: Row) -> str:
    follows_from = (
        row["user_id"],
        row["user_version"],
        row["tenant_id"],
        row["membership_version"],
        row["role"],
        row["role_version"],
        *row["permissions"],
    )
    return hashlib.sha256("\n".join(map(str, follows_from)).encode()).hexdigest()[:16]
