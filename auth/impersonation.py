"""Impersonation: a person acts as another member for a while, to see what that one sees.

Theory of operation
- It hangs on an elevation to ``users:impersonate`` and ends with it, or by hand. It is a column of the session; who the
  session's person and that member are is read afresh each time, so both have to be able to act.
- Nobody may do more by it than by themselves: whoever has more than the person cannot be chosen, and what a member
  gains later does not count. Whose scope is narrow sees the same rows as before, so only those who see all rows may.
- What is sensitive is masked, whatever both may see. What administers the tenant, and what changes one's own sign-in,
  is done in one's own name (``@inPerson``).
- The person is never forgotten: ``Principal.person``, in every record and every answer.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from auth.elevation import Fault, reason_faults
from auth.errors import Forbidden
from auth.permissions import BY_ELEVATION, MASKED_BY, PERMISSIONS, PermissionSet
from auth.principal import Person, Principal
from auth.records import change_of_session
from auth.session_desk import rotate_session
from auth.sessions import Rotation
from auth.spaces import Space
from db.audit_records import Actor, AuditRecord
from db.directory import Directory, Row
from db.ids import public_id
from db.scopes import EVERY_ROW, scope_of

IMPERSONATE = "users:impersonate"
IN_PERSON = "admin:"
"""What begins with this is done in one's own name."""
NOT_ELEVATED = "This needs an elevation to users:impersonate."
MORE = "This member may do more than you."


async def in_others_place(directory: Directory, callers: Mapping[int, tuple[Principal, Row]]) -> dict[int, Principal]:
    """Of callers with their sessions' rows those who act as somebody else now, as that one; by one statement."""
    asked = {
        place: (row["acting_as_id"], person.tenant.hex, None)
        for place, (person, row) in callers.items()
        if row.get("acting_as_id") is not None and _may(person)
    }
    found = await directory.callers_by_token(list(asked.values())) if asked else {}
    rows = {place: found[at] for at, place in enumerate(asked) if at in found and is_able(found[at])}
    return {place: masquerade(callers[place][0], row) for place, row in rows.items()}


def is_able(row: Row) -> bool:
    """Whether it is a member who can act."""
    return row["disabled_at"] is None and row["membership_version"] is not None


def masquerade(person: Principal, row: Row) -> Principal:
    """The member of the row, as the person may act as it."""
    held, own = PermissionSet.of(row["permissions"]), person.permissions
    both = [name for name in PERMISSIONS if held.covers(name) and own.covers(name)]
    grants = frozenset(
        MASKED_BY.get(name, name) for name in both if not name.startswith(IN_PERSON) and name not in BY_ELEVATION
    )
    space = person.space if person.space in row["spaces"] else Space(row["spaces"][0])
    told = (
        f"{person.permissions_version} {row['user_id']} {row['role_versions']} {sorted(grants)} {space} {row['scopes']}"
    )
    return replace(
        person,
        user_id=row["user_id"],
        email=row["email"],
        name=row["user_name"],
        roles=tuple(row["roles"]),
        permissions=PermissionSet(grants, space, acting=True),
        permissions_version=hashlib.sha256(told.encode()).hexdigest()[:16],
        scope=scope_of(row["scopes"], row["user_id"]),
        spaces=(space,),
        elevatable=frozenset(),
        signed_in_at=None,
        acting_for=Person(person.user_id, person.email, person.name),
    )


def justification_faults(text: str) -> list[Fault]:
    """What is wrong with it."""
    return reason_faults(text, "justification")


def has_more(person: Principal, row: Row) -> bool:
    """Whether the member may do anything that the person may not, or see a row that the person does not."""
    return person.scope != EVERY_ROW or not all(person.permissions.covers(grant) for grant in row["permissions"])


async def impersonate(
    directory: Directory, person: Principal, row: Row, justification: str, actor: Actor, now: datetime
) -> tuple[str, Principal]:
    """Let the person's session act as the member of the row: its new secret, and the caller that it is by it. Raises
    Forbidden without an elevation to it, and what ``rotate_session`` raises.
    """
    if not _may(person):
        raise Forbidden("not elevated", NOT_ELEVATED)
    member = row["user_id"]
    changes = {"justification": [None, justification.strip()]}
    record = _record(person, member, actor, now, "impersonate", changes)
    secret = await rotate_session(directory, person, Rotation.PRIVILEGE, {"acting_as_id": member}, record)
    return secret, masquerade(person, row)


async def end_impersonation(directory: Directory, principal: Principal, actor: Actor, now: datetime) -> str:
    """Let the session be its person's own again: its new secret. Raises what ``rotate_session`` raises."""
    record = _record(principal, principal.user_id, actor, now, "endImpersonation", None)
    return await rotate_session(directory, principal, Rotation.PRIVILEGE, {"acting_as_id": None}, record)


def _may(person: Principal) -> bool:
    if person.elevation is None or person.scope != EVERY_ROW:
        return False
    return PermissionSet.of(person.elevation.grants).covers(IMPERSONATE)


def _record(
    principal: Principal, member: str, actor: Actor, now: datetime, action: str, changes: Mapping[str, object] | None
) -> AuditRecord:
    record = change_of_session(principal, actor, now, action, changes)
    record.entity, record.entity_id = "member", public_id("usr", member)
    return record
