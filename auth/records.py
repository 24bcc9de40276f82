"""What goes on record of this floor's doings: who did it, and what. A change is written together with its record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from auth.principal import Principal
from auth.sessions import Visitor
from db.audit_records import Actor, AuditRecord, Outcome
from db.ids import public_id

Changes = Mapping[str, Any]  # Any: JSON
"""By name, before and after."""
_LONGEST_NOTE = 300


def note(text: str | None) -> str | None:
    """What a request says of itself, fit to be kept: printable and short."""
    return "".join(filter(str.isprintable, text))[:_LONGEST_NOTE] if text else None


def by_operator() -> Actor:
    """Whoever works at the command line: nobody who is known here."""
    return Actor(None, None, "COMMAND")


def by_visitor(user_id: str | None, visitor: Visitor) -> Actor:
    """Whoever signs in, or is about to."""
    return Actor(user_id, visitor.request_id, "SIGN_IN", address=note(visitor.address))


def change_of_session(
    principal: Principal, actor: Actor | None, now: datetime, action: str, changes: Changes | None = None
) -> AuditRecord:
    """A change of the principal's session, in the tenant that it speaks for, which learns of no other by it."""
    named = None if principal.session_id is None else public_id("ses", principal.session_id)
    who = actor or Actor(principal.person.user_id, None)
    return AuditRecord(principal.tenant.hex, who, now, action, Outcome.ALLOWED, "session", named, changes)


def change_of_member(
    tenant_id: str, user_id: str, actor: Actor, now: datetime, action: str, changes: Changes
) -> AuditRecord:
    """A change of what a user may do in a tenant, or of the user, who is there since."""
    named = public_id("usr", user_id)
    return AuditRecord(tenant_id, actor, now, action, Outcome.ALLOWED, "member", named, changes, whose=user_id)


def change_of_user(
    user_id: str, actor: Actor, now: datetime, action: str, changes: Changes | None = None
) -> AuditRecord:
    """A change of how a user signs in, for all of its tenants."""
    named = public_id("usr", user_id)
    return AuditRecord(None, actor, now, action, Outcome.ALLOWED, "member", named, changes, whose=user_id)
