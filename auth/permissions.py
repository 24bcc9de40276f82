"""The registry of permissions, the system roles, and what a set of grants covers: all of it data.

A permission is ``noun:action``. A grant is a permission, or the beginning of permissions and a star: ``orders:*``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from auth.spaces import USUAL, Space, spaces_of

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "orders:read": "See orders, their items and their events.",
        "orders:write": "Create orders, edit them and move them along their statuses.",
        "customers:read": "See customers, without what identifies a person.",
        "customers:write": "Create customers and edit them.",
        "customers:pii": "See, filter and search what identifies a customer: the email address.",
        "customers:masked": "See a mask of what identifies a customer: the same code for the same email address.",
        "products:read": "See products and their prices.",
        "products:write": "Create products and edit them.",
        "admin:members": "See the tenant's members, invite them, change their roles and remove them.",
        "admin:roles": "See the tenant's roles, make them and change what they grant.",
        "admin:announce": "Ring the tenant's bell: the beginning of a day, its end, a notice.",
        "admin:streams": "End open streams of the tenant.",
        "admin:audit": "Read the audit trail.",
        "export:run": "Read in bulk: pages of up to 500 rows.",
        "streams:read": "See the tenant's open streams.",
    }
)

SYSTEM_ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "admin": ("orders:*", "customers:*", "products:*", "admin:*", "export:run", "streams:read"),
        "manager": ("orders:read", "orders:write", "customers:read", "customers:pii", "products:read"),
        "viewer": ("orders:read", "customers:read", "products:read"),
        "partner": ("orders:read", "products:read"),
        "support": ("orders:read", "customers:read", "customers:masked", "products:read", "streams:read"),
    }
)
"""What every tenant begins with, over all of its rows. ``support`` reads whatever is no personal data: of what
identifies a customer a mask, and not the audit trail, which repeats it.
"""


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """What a caller may do. Equal grants are equal sets."""

    grants: frozenset[str]
    space: Space = USUAL
    """Where the caller is: only what counts there is allowed."""

    @classmethod
    def of(cls, grants: Iterable[str], space: Space = USUAL) -> "PermissionSet":
        return cls(frozenset(grants), space)

    def allows(self, permission: str) -> bool:
        """Whether a grant is the permission, or a star covers it, and it counts in the space. Remembered: sets are few,
        questions many.
        """
        return _allows(self.grants, permission) and self.space in spaces_of(permission)

    def covers(self, grant: str) -> bool:
        """Whether all that the grant would allow is granted here, whatever the space."""
        return _allows(self.grants, grant)

    def elsewhere(self, permission: str) -> tuple[Space, ...]:
        """The spaces where the permission would be allowed, if only the space is in its way; else none."""
        if self.space in spaces_of(permission) or not _allows(self.grants, permission):
            return ()
        return spaces_of(permission)


@lru_cache(maxsize=10_000)
def _allows(grants: frozenset[str], permission: str) -> bool:
    if permission in grants:
        return True
    return any(grant.endswith("*") and permission.startswith(grant[:-1]) for grant in grants)
