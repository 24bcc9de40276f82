"""The principal: who is calling, for which tenant, and what that grants. Made by ``auth/authenticate.py`` alone."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from auth.addresses import EVERYTHING, NO_LISTS, AddressList, withheld_at
from auth.document_policy import DocumentPolicy
from auth.errors import Elsewhere
from auth.permissions import PermissionSet
from auth.spaces import EVERY_SPACE, Space
from db.audit_records import Actor
from db.scopes import EVERY_ROW, RowScope
from db.tenancy import TenantId


@dataclass(frozen=True, slots=True)
class Elevation:
    """Rights that a session has for a while beyond those of its person's roles."""

    id: str
    grants: frozenset[str]
    until: datetime
    usual: PermissionSet
    """What the person may do without it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in."""

    user_id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Principal:
    """One caller during one request. Ids are 32 hex digits."""

    user_id: str
    email: str
    name: str
    tenant: TenantId
    tenant_slug: str
    tenant_name: str
    roles: tuple[str, ...]
    permissions: PermissionSet
    permissions_version: str
    """Another text as soon as anything changes that the permissions follow from."""
    session_id: str | None
    """The session's own, which stays while its secret changes; None for a token."""
    expires_at: datetime | None
    """When the credentials end by themselves."""
    key_name: str | None = None
    """The public name of the API key that was used, or of the peer that signed; None for a session or a token."""
    session_key: str | None = None
    """The hash, in hex, of the session's secret that the caller came by: another one after each change of privilege."""
    by_peer: bool = False
    """Whether another instance asks for this member, by a signed request."""
    scope: RowScope = EVERY_ROW
    """Which of the tenant's rows the caller may see and change."""
    spaces: tuple[Space, ...] = EVERY_SPACE
    """Where the caller's membership lets it be."""
    lists: tuple[AddressList, ...] = NO_LISTS
    """From where the caller may do what (``auth/addresses.py``): judged by ``at``."""
    elevatable: frozenset[str] = frozenset()
    """What the caller's roles let it be elevated to."""
    elevation: Elevation | None = None
    """What of its permissions it has for a while only."""
    signed_in_at: datetime | None = None
    """When the person showed who they are, to begin this session; None for a token, a key, and where nobody says."""

    documents: DocumentPolicy = DocumentPolicy.AD_HOC
    """Which documents its key runs."""

    acting_for: Person | None = None
    """Who is there, when that is somebody else than the caller: an impersonation."""

    @property
    def person(self) -> "Principal | Person":
        """Who is there: by name, email and id."""
        return self if self.acting_for is None else self.acting_for

    def is_same(self, other: "Principal") -> bool:
        """Whether it is the same user of the same tenant, and the same person who is there."""
        whose = [(each.user_id, each.person.user_id, each.tenant) for each in (self, other)]
        return whose[0] == whose[1]

    @property
    def lasting(self) -> PermissionSet:
        """What the caller may do for good: that much it can hand on."""
        if self.elevation is None or self.acting_for is not None:
            return self.permissions
        return replace(self.elevation.usual, withheld=self.permissions.withheld)

    @property
    def good_until(self) -> datetime | None:
        """When it is somebody else, or nobody, by itself."""
        if self.elevation is None:
            return self.expires_at
        until = self.elevation.until
        return until if self.expires_at is None else min(until, self.expires_at)

    @property
    def watched(self) -> bool:
        """Whether all that it does is on record, plain reads too."""
        return self.by_peer or self.elevation is not None

    @property
    def space(self) -> Space:
        """Where the caller is."""
        return self.permissions.space

    def placed(self, space: Space, spaces: tuple[Space, ...]) -> "Principal":
        """The same caller in a space, allowed in these."""
        if (space, spaces) == (self.space, self.spaces):
            return self
        version = hashlib.sha256(f"{self.permissions_version} {space} {spaces}".encode()).hexdigest()[:16]
        permissions = replace(self.permissions, space=space)
        return replace(self, permissions=permissions, spaces=spaces, permissions_version=version)

    def at(self, address: str | None) -> "Principal":
        """The same caller at an address, with what counts there. Raises Elsewhere where nothing does."""
        withheld = withheld_at(self.lists, address) if self.lists else None
        if not withheld:
            return self
        if EVERYTHING in withheld:
            actor = Actor(self.person.user_id, None, "ENTRY", key_name=self.key_name)
            actor.acting_as_id = None if self.acting_for is None else self.user_id
            actor.credential, actor.space = self.credential, self.space.value
            raise Elsewhere(actor, self.tenant.hex)
        version = hashlib.sha256(f"{self.permissions_version} {sorted(withheld)}".encode()).hexdigest()[:16]
        return replace(self, permissions=replace(self.permissions, withheld=withheld), permissions_version=version)

    @property
    def credential(self) -> str:
        """By which kind of credential it came: SESSION, KEY, PEER or TOKEN."""
        if self.session_id is not None:
            return "SESSION"
        if self.by_peer:
            return "PEER"
        return "TOKEN" if self.key_name is None else "KEY"

    def impersonal(self, version: str = "") -> "Principal":
        """Nobody in particular with this tenant, these permissions and this scope: who equal operations are executed
        for. ``version`` is that of the permissions, where it is told.
        """
        return replace(
            self,
            user_id="",
            email="",
            name="",
            roles=(),
            permissions_version=version,
            session_id=None,
            expires_at=None,
            key_name=None,
            by_peer=False,
            session_key=None,
            lists=NO_LISTS,
            elevatable=self.elevatable if version else frozenset(),
            elevation=None,
            signed_in_at=None,
            documents=DocumentPolicy.AD_HOC,
            acting_for=None,
        )
