"""Spaces: what a caller is here for. A session, a token and a key each carry one, and permissions count only in the
spaces that they are of: what is done for one purpose is out of reach while somebody is here for another.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType


class Space(StrEnum):
    """The four purposes."""

    CLIENT = "CLIENT"
    PROVIDER = "PROVIDER"
    DEVELOPER = "DEVELOPER"
    ACCOUNTING = "ACCOUNTING"


USUAL = Space.PROVIDER
"""Where whoever names no space is, and where every permission counts."""
EVERY_SPACE = (USUAL, *(space for space in Space if space is not Space.PROVIDER))
"""As a membership allows them that was told nothing else: the first is where its sessions go from a space it lost."""
_MORE: Mapping[str, tuple[Space, ...]] = MappingProxyType(
    {
        "orders:read": (Space.CLIENT, Space.ACCOUNTING),
        "products:read": (Space.CLIENT, Space.ACCOUNTING),
        "customers:read": (Space.ACCOUNTING,),
        "customers:pii": (Space.ACCOUNTING,),
        "customers:masked": (Space.ACCOUNTING,),
        "export:run": (Space.ACCOUNTING,),
        "admin:audit": (Space.ACCOUNTING,),
        "admin:documents": (Space.DEVELOPER,),
        "streams:read": (Space.DEVELOPER,),
        "admin:streams": (Space.DEVELOPER,),
    }
)
"""By permission: the spaces besides the usual one where it counts."""


@lru_cache(maxsize=1_000)
def spaces_of(permission: str) -> tuple[Space, ...]:
    """Where the permission counts, in the spaces' order."""
    more = _MORE.get(permission, ())
    return tuple(space for space in Space if space is USUAL or space in more)
