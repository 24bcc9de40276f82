"""What somebody may give away, or act on: never more than they have themselves."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from auth.permissions import BY_ELEVATION, SYSTEM_ROLES, PermissionSet, is_known
from auth.principal import Principal
from db.scopes import REACHES, RowScope

ROLE_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
MOST_GRANTS = 100
LONGEST_DESCRIPTION = 200


def may_give(giver: Principal, grants: Iterable[str], reach: str) -> bool:
    """Whether the giver has each of the grants for good, over at least those rows."""
    return is_within(giver.lasting, giver.scope, grants, reach)


def is_within(held: PermissionSet, scope: RowScope, grants: Iterable[str], reach: str) -> bool:
    """Whether each of the grants is held, over at least those rows."""
    return all(held.covers(grant) for grant in grants) and _reach_of(scope) >= _width(reach)


def may_let_elevate(giver: Principal, grants: Iterable[str]) -> bool:
    """Whether the giver has each of the grants for good, or may itself be elevated to it."""
    return is_elevatable(giver.lasting, giver.elevatable, grants)


def is_elevatable(held: PermissionSet, elevatable: Iterable[str], grants: Iterable[str]) -> bool:
    """Whether each of the grants is held for good, or can be for a while."""
    elevated = replace(held, grants=frozenset(elevatable))
    return all(held.covers(grant) or elevated.covers(grant) for grant in grants)


def role_faults(
    name: str, grants: Sequence[str], description: str | None, elevatable: Sequence[str] = ()
) -> list[tuple[str, str, str]]:
    """What is wrong with a role of a tenant's own: code, sentence, and which of its parts."""
    faults = []
    if not ROLE_NAME.fullmatch(name):
        faults.append(("INVALID", "A role is called by up to 63 of a-z, 0-9 and -, beginning with a letter.", "name"))
    if name in SYSTEM_ROLES:
        faults.append(("TAKEN", f"{name} is a system role.", "name"))
    for part, given in (("permissions", grants), ("elevatable", elevatable)):
        if len(given) > MOST_GRANTS:
            faults.append(("TOO_MANY", f"A role grants at most {MOST_GRANTS} permissions.", part))
        unknown = [grant[:40] for grant in given[:MOST_GRANTS] if not is_known(grant)]
        if unknown:
            faults.append(("INVALID", f"There is no permission {unknown[0]!r}.", part))
    if any(PermissionSet.of(grants).covers(each) for each in BY_ELEVATION):
        faults.append(("INVALID", "Nobody has that for good: let the role be elevated to it.", "permissions"))
    if description is not None and not (len(description) <= LONGEST_DESCRIPTION and description.isprintable()):
        message = f"A description has at most {LONGEST_DESCRIPTION} printable characters."
        faults.append(("INVALID", message, "description"))
    return faults


def _width(reach: str) -> int:
    return list(REACHES).index(reach)


def _reach_of(scope: RowScope) -> int:
    return list(REACHES.values()).index(scope.columns)
