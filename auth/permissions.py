"""The registry of permissions, the system roles, and what a set of grants covers: all of it data.

A permission is ``noun:action``. A grant is a permission, or the beginning of permissions and a star: ``orders:*``.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
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
        "admin:keys": "See the tenant's API keys, make them, rotate them and revoke them.",
        "admin:addresses": "See and change from which networks the tenant, or some of its permissions, may be used.",
        "admin:documents": "See the registered documents that the tenant may run, and how much it does.",
        "admin:announce": "Ring the tenant's bell: the beginning of a day, its end, a notice.",
        "admin:streams": "End open streams of the tenant.",
        "admin:audit": "Read the audit trail.",
        "export:run": "Read in bulk: pages of up to 500 rows.",
        "streams:read": "See the tenant's open streams.",
        "users:impersonate": "Act as another member, who may do no more than oneself: only while elevated.",
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


ELEVATABLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "admin": ("users:impersonate",),
        "support": ("customers:pii", "users:impersonate"),
    }
)
"""What the members of system roles may have beyond that for some minutes (``auth/elevation.py``); of a role that is not
here nothing.
"""
BY_ELEVATION = frozenset({"users:impersonate"})
"""What no role grants for good."""


MASKED_BY: Mapping[str, str] = MappingProxyType({"customers:pii": "customers:masked"})
"""What is sensitive, and the permission that shows its mask: who acts as somebody else has that instead."""


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """What a caller may do. Equal grants are equal sets."""

    grants: frozenset[str]
    space: Space = USUAL
    """Where the caller is: only what counts there is allowed."""
    withheld: frozenset[str] = frozenset()
    """Grants that do not count at the caller's address (``auth/addresses.py``)."""
    acting: bool = False
    """Whether the caller acts as somebody else: then it may do nothing that is done in person (``@inPerson``)."""
    key: Hashable = field(init=False, repr=False, compare=False)
    """Equal for equal sets, and hashed without a call: each request looks something up by its caller's permissions."""
    _told: dict[str, bool] = field(init=False, repr=False, compare=False)
    """By permission: sets are few, questions many."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.grants, self.space, self.withheld, self.acting))
        object.__setattr__(self, "_told", {})

    def __hash__(self) -> int:
        return hash(self.key)

    @classmethod
    def of(cls, grants: Iterable[str], space: Space = USUAL, *, acting: bool = False) -> "PermissionSet":
        return cls(frozenset(grants), space, acting=acting)

    def allows(self, permission: str) -> bool:
        """Whether a grant is the permission, or a star covers it, and it counts in the space."""
        told = self._told.get(permission)
        if told is None:
            told = self._granted(permission) and self.space in spaces_of(permission)
            if permission in PERMISSIONS:  # what anybody makes up is not remembered
                self._told[permission] = told
        return told

    def covers(self, grant: str) -> bool:
        """Whether all that the grant would allow is granted here, whatever the space."""
        return _allows(self.grants, grant) and not any(_meet(each, grant) for each in self.withheld)

    def elsewhere(self, permission: str) -> tuple[Space, ...]:
        """The spaces where the permission would be allowed, if only the space is in its way; else none."""
        if self.space in spaces_of(permission) or not self._granted(permission):
            return ()
        return spaces_of(permission)

    def withholds(self, permission: str) -> bool:
        """Whether the permission is granted, and only the address is in its way."""
        return _allows(self.withheld, permission) and _allows(self.grants, permission)

    @property
    def standing(self) -> frozenset[str]:
        """The grants, but for those that are withheld as a whole."""
        return frozenset(grant for grant in self.grants if not _allows(self.withheld, grant))

    def _granted(self, permission: str) -> bool:
        if self.withheld and _allows(self.withheld, permission):
            return False
        return _allows(self.grants, permission)


def is_known(grant: str) -> bool:
    """Whether it is a permission, or the beginning of some and a star."""
    return grant in PERMISSIONS or any(_meet(grant, each) for each in PERMISSIONS)


@lru_cache(maxsize=10_000)
def _allows(grants: frozenset[str], permission: str) -> bool:
    if permission in grants:
        return True
    return any(grant.endswith("*") and permission.startswith(grant[:-1]) for grant in grants)


def _meet(one: str, other: str) -> bool:
    """Whether there may be a permission that both cover."""
    if not one.endswith("*"):
        return one == other or (other.endswith("*") and one.startswith(other[:-1]))
    beginning = one[:-1]
    return other.startswith(beginning) or (other.endswith("*") and beginning.startswith(other[:-1]))
