"""The principal: who is calling, for which tenant, and what that grants. Made by ``auth/authenticate.py`` alone."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from auth.addresses import EVERYTHING, NO_LISTS, AddressList, withheld_at
from auth.errors import Elsewhere
from auth.permissions import PermissionSet
from auth.spaces import EVERY_SPACE, Space
from db.audit_records import Actor
from db.scopes import EVERY_ROW, RowScope
from db.tenancy import TenantId


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
        )
