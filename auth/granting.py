"""What somebody may give away, or act on: never more than they have themselves."""

import re
from collections.abc import Iterable, Sequence

from auth.permissions import PERMISSIONS, SYSTEM_ROLES
from auth.principal import Principal
from db.scopes import REACHES

ROLE_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
MOST_GRANTS = 100
LONGEST_DESCRIPTION = 200


def may_give(giver: Principal, grants: Iterable[str], reach: str) -> bool:
    """Whether the giver has each of the grants, over at least those rows."""
    return all(giver.permissions.covers(grant) for grant in grants) and _reach_of(giver) >= _width(reach)


def role_faults(name: str, grants: Sequence[str], description: str | None) -> list[tuple[str, str, str]]:
    """What is wrong with a role of a tenant's own: code, sentence, and which of its parts."""
    faults = []
    if not ROLE_NAME.fullmatch(name):
        faults.append(("INVALID", "A role is called by up to 63 of a-z, 0-9 and -, beginning with a letter.", "name"))
    if name in SYSTEM_ROLES:
        faults.append(("TAKEN", f"{name} is a system role.", "name"))
    if len(grants) > MOST_GRANTS:
        faults.append(("TOO_MANY", f"A role grants at most {MOST_GRANTS} permissions.", "permissions"))
    unknown = [grant[:40] for grant in grants[:MOST_GRANTS] if not _is_known(grant)]
    if unknown:
        faults.append(("INVALID", f"There is no permission {unknown[0]!r}.", "permissions"))
    if description is not None and not (len(description) <= LONGEST_DESCRIPTION and description.isprintable()):
        message = f"A description has at most {LONGEST_DESCRIPTION} printable characters."
        faults.append(("INVALID", message, "description"))
    return faults


def _is_known(grant: str) -> bool:
    return grant in PERMISSIONS or (grant.endswith("*") and any(each.startswith(grant[:-1]) for each in PERMISSIONS))


def _width(reach: str) -> int:
    return list(REACHES).index(reach)


def _reach_of(caller: Principal) -> int:
    return list(REACHES.values()).index(caller.scope.columns)
