"""Credentials → Principal, by one statement of the directory. The only minter of a TenantId.

The tenant is the session's or the token's own, unless ``X-Tenant`` names another one that the caller belongs to.
Nothing else chooses a tenant.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from auth.addresses import EVERYTHING, NO_LISTS, AddressList, lists_of
from auth.api_keys import PREFIX, KeyClaim, is_right, narrowed, read_key
from auth.claims import Claim, Credentials
from auth.document_policy import DocumentPolicy
from auth.elevation import elevated
from auth.errors import AuthError, BadKey, BadSession, BadToken, Forbidden, OperatorError
from auth.flights import Flights
from auth.foreign_tokens import ForeignTokens
from auth.impersonation import in_others_place
from auth.keyring import Keyring
from auth.permissions import PermissionSet
from auth.principal import Principal
from auth.principal_cache import PrincipalCache
from auth.sessions import USUAL, Lifetimes, hash_of
from auth.standing import (
    NOT_YOURS,
    SESSION_EXPIRED,
    Standing,
    placed,
    require_member,
    say_whose,
    version_of,
)
from auth.stream_tokens import open_stream_token
from auth.tokens import TokenClaims, read_token
from auth.touches import Touches
from db.clock import Clock, utc_now
from db.directory import Directory, Row
from db.scopes import scope_of
from db.tenancy import TenantId

__all__ = ["Authenticator", "Claim", "Credentials", "Standing", "tenant_of_operator"]

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Authenticator:
    """One a process. What changes in the directory counts from the next request on, cache or not."""

    def __init__(
        self,
        directory: Directory,
        keyring: Keyring,
        clock: Clock = utc_now,
        cache: PrincipalCache | None = None,
        lifetimes: Lifetimes = USUAL,
        foreign: ForeignTokens | None = None,
        *,
        lists: tuple[AddressList, ...] = NO_LISTS,
    ) -> None:
        self._directory = directory
        self._keyring = keyring
        self._cache = cache
        self._flights = Flights[Principal]()
        self.clock = clock
        self.lifetimes = lifetimes
        self._foreign = foreign
        self._lists = lists
        self.touches = Touches(directory)

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """Who is calling; None without any credentials.

        Raises BadToken, BadSession, BadKey, ProviderFailed, Elsewhere, and Forbidden for a ``tenant_slug`` that is not
        one of the caller's.
        """
        if credentials.bearer is None and credentials.session is None and credentials.stream is None:
            return None
        if self._cache is None or credentials.stream is not None:
            return (await self._ask(credentials)).at(credentials.address)
        now, who = self.clock(), credentials[:3]  # wherever it is
        known = self._cache.get(who, now)
        if known is None:
            mark = self._cache.mark()
            # Together only with those who ask since the same change: later ones must hear of what came after it.
            together = (who, mark) if self._cache.hears else object()
            known = await self._flights.join(together, lambda: self._ask(credentials))
            self._cache.put(who, known, now, mark)
        return known.at(credentials.address) if known.lists else known

    def still_knows(self, credentials: Credentials, principal: Principal) -> bool:
        """Whether nothing was heard of the caller since it was authenticated."""
        known = None if self._cache is None else self._cache.get(credentials[:3], self.clock())
        return known is not None and known.lists == principal.lists and known.at(credentials.address) == principal

    def claim(self, credentials: Credentials) -> Claim:
        """Whom the credentials speak for. Raises BadToken, BadSession, BadKey."""
        if credentials.stream is not None:
            told = open_stream_token(self._keyring, credentials.stream, self.clock())
            return replace(told, address=credentials.address)
        slug = credentials.tenant_slug
        if slug is not None and not SLUG.fullmatch(slug):
            slug = ""  # nobody's
        if credentials.bearer is not None and credentials.bearer.startswith(PREFIX):
            return Claim(None, None, slug, read_key(credentials.bearer), credentials.address)
        if credentials.bearer is not None:
            return Claim(self._token(credentials.bearer), None, slug, address=credentials.address)
        id_hash = hash_of(credentials.session or "")
        if id_hash is None:
            raise BadSession("malformed")
        return Claim(None, id_hash, slug, address=credentials.address)

    def _token(self, bearer: str) -> TokenClaims:
        if self._foreign is None or not self._foreign.takes(bearer):
            return read_token(self._keyring, bearer, self.clock())
        known = self._foreign.known(bearer)
        if known is None:
            raise BadToken("not verified any more")
        return known

    async def judge(self, claims: Sequence[Claim]) -> list[Standing | AuthError]:
        """Where many callers stand now, in their order, by five statements at most."""
        tokens = [(place, claim, claim.token) for place, claim in enumerate(claims) if claim.token is not None]
        sessions = [(place, claim, claim.session) for place, claim in enumerate(claims) if claim.session is not None]
        rows: dict[int, Row] = {}
        replaced: dict[bytes, str] = {}
        if tokens:
            asked = [(token.user_id, token.tenant_id, claim.slug) for _, claim, token in tokens]
            found = await self._directory.callers_by_token(asked)
            rows |= {tokens[at][0]: row for at, row in found.items()}
        if sessions:
            known = await self._directory.sessions.callers([(hashed, claim.slug) for _, claim, hashed in sessions])
            rows |= {sessions[at][0]: row for at, row in known.items()}
            gone = [hashed for place, _, hashed in sessions if place not in rows]
            replaced = await self._directory.sessions.replaced(gone) if gone else {}
        keys = [(place, claim.key.name) for place, claim in enumerate(claims) if claim.key is not None]
        if keys:
            found_keys = await self._directory.api_keys.callers([name for _, name in keys])
            rows |= {place: found_keys[name] for place, name in keys if name in found_keys}
        outcomes = [self._outcome(claim, rows.get(place), replaced) for place, claim in enumerate(claims)]
        standing = {place: each for place, each in enumerate(outcomes) if isinstance(each, Standing)}
        callers = {place: (each.principal, rows[place]) for place, each in standing.items()}
        for place, principal in (await in_others_place(self._directory, callers)).items():
            outcomes[place] = replace(standing[place], principal=principal)
        return [_at(outcome, claim.address) for outcome, claim in zip(outcomes, claims, strict=True)]

    def _outcome(self, claim: Claim, row: Row | None, replaced: Mapping[bytes, str]) -> Standing | AuthError:
        if claim.session is not None and claim.session in replaced:
            return BadSession(replaced[claim.session])
        try:
            return self._standing(claim, row)
        except AuthError as error:
            return error

    async def _ask(self, credentials: Credentials) -> Principal:
        if credentials.bearer is not None and self._foreign is not None and self._foreign.takes(credentials.bearer):
            await self._foreign.verify(credentials.bearer)
        claim = self.claim(credentials)
        if claim.token is not None:
            ids = claim.token
            row = await self._directory.membership(ids.user_id, tenant_id=ids.tenant_id, tenant_slug=claim.slug)
            return self._standing(claim, row).principal
        if claim.key is not None:
            return await self._ask_by_key(claim, claim.key.name)
        id_hash = claim.session or b""
        row = await self._directory.sessions.find(id_hash, claim.slug)
        principal = self._standing(claim, row).principal
        if row is None:
            return principal
        self.touches.note_session(id_hash, row["seen_at"], self.clock())
        return (await in_others_place(self._directory, {0: (principal, row)})).get(0, principal)

    async def _ask_by_key(self, claim: Claim, name: str) -> Principal:
        row = (await self._directory.api_keys.callers([name])).get(name)
        principal = self._standing(claim, row).principal
        if row is not None:
            self.touches.note_key(name, row["used_at"], self.clock())
        return principal

    def _standing(self, claim: Claim, row: Row | None) -> Standing:
        """Wherever the caller is. Raises BadToken, BadSession, BadKey, Forbidden."""
        try:
            standing = self._unbound(claim, row)
        except AuthError as error:
            say_whose(error, claim, row)
            raise
        if not self._lists:
            return standing
        bound = replace(standing.principal, lists=self._lists + standing.principal.lists)
        return replace(standing, principal=bound)

    def _unbound(self, claim: Claim, row: Row | None) -> Standing:
        """By the lists of tenant and key alone."""
        if claim.token is not None:
            return _standing_of_token(claim.token, row, claim.slug)
        if claim.key is not None:
            return _standing_of_key(claim.key, row, claim.slug, self.clock())
        return _standing_of_session(row, claim.slug, self.lifetimes, self.clock())


def _at(outcome: Standing | AuthError, address: str | None) -> Standing | AuthError:
    """The same where the caller is."""
    if isinstance(outcome, AuthError):
        return outcome
    try:
        return replace(outcome, principal=outcome.principal.at(address))
    except AuthError as error:
        return error


async def tenant_of_operator(directory: Directory, slug: str) -> TenantId:
    """The tenant that an operator's command names. Raises OperatorError."""
    row = await directory.tenant_by_slug(slug)
    if row is None:
        raise OperatorError("no such tenant", f"There is no tenant {slug!r}.")
    return TenantId(row["id"])


def _standing_of_token(token: TokenClaims, row: Row | None, slug: str | None) -> Standing:
    if row is None:
        raise BadToken("user gone")
    if token.credentials_version not in {None, row["credentials_version"]}:
        raise BadToken("password changed since")
    require_member(row, slug, BadToken)
    if token.bound and row["tenant_id"] != token.tenant_id:
        raise Forbidden("a token's other tenant", NOT_YOURS)
    principal = _principal(row, None, token.expires_at)
    return Standing(placed(principal, row, token.space), token.expires_at)


def _standing_of_session(row: Row | None, slug: str | None, lifetimes: Lifetimes, now: datetime) -> Standing:
    if row is None:
        raise BadSession("unknown")
    if row["revoked_at"] is not None:
        raise BadSession("revoked")
    ends = lifetimes.ends_at(row)
    if now >= ends:
        raise BadSession(SESSION_EXPIRED)
    require_member(row, slug, BadSession)
    known = _principal(row, row["session_id"], lifetimes.last_until(row))
    known = replace(known, session_key=row["id_hash"].hex(), signed_in_at=row["authenticated_at"])
    principal = elevated(known, row, now)
    if principal.elevation is not None:
        ends = min(ends, principal.elevation.until)
    # A membership that was narrowed moves its sessions to its first space: people go on, keys and tokens end.
    space = row["space"] if row["space"] in row["spaces"] else row["spaces"][0]
    return Standing(placed(principal, row, space), ends)


def _standing_of_key(key: KeyClaim, row: Row | None, slug: str | None, now: datetime) -> Standing:
    """A key speaks for its own tenant, with what of its permissions its maker has today."""
    if not is_right(key, None if row is None else row["secret_hash"]) or row is None:
        raise BadKey("unknown or wrong")
    if row["revoked_at"] is not None:
        raise BadKey("revoked")
    if now >= row["expires_at"]:
        raise BadKey("expired")
    require_member(row, None, BadKey)
    if slug is not None and slug != row["tenant_slug"]:
        raise Forbidden("a key's other tenant", NOT_YOURS)
    made = _principal(row, None, row["expires_at"])
    grants = narrowed(row["key_permissions"], made.permissions)
    told = f"{made.permissions_version} {sorted(grants)} {row['key_documents']}"
    version = hashlib.sha256(told.encode()).hexdigest()[:16]
    narrow = replace(
        made,
        name=row["key_label"],
        permissions=PermissionSet(grants),
        permissions_version=version,
        key_name=row["key_name"],
        documents=DocumentPolicy[row["key_documents"]],
        lists=made.lists + lists_of({EVERYTHING: row["networks"]} if row["networks"] else {}),
    )
    return Standing(placed(narrow, row, row["key_space"]), row["expires_at"])


def _principal(row: Row, session_id: str | None, expires_at: datetime) -> Principal:
    return Principal(
        user_id=row["user_id"],
        email=row["email"],
        name=row["user_name"],
        tenant=TenantId(row["tenant_id"]),
        tenant_slug=row["tenant_slug"],
        tenant_name=row["tenant_name"],
        roles=tuple(row["roles"]),
        permissions=PermissionSet.of(row["permissions"]),
        permissions_version=version_of(row),
        session_id=session_id,
        expires_at=expires_at,
        scope=scope_of(row["scopes"], row["user_id"]),
        lists=lists_of(row["address_lists"]),
        elevatable=frozenset((row["elevatable"] or "").split()),
    )
