"""Becoming a member by an invitation: a link that is good once, for a week, for one address in one tenant.

There is no mailer: whoever invites is shown the link and hands it on. So a link proves nothing of an address, and a
user who came by one is taken over by whoever does (``db/links.py``). What an invitation gives is judged when it is made
and again when it is accepted: roles are given only by who could give them at both moments.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from auth.brakes import Brakes
from auth.emails import looks_like_itself, new_email, normal_email
from auth.errors import AuthError, Forbidden, InvitationOver, OperatorError
from auth.granting import is_elevatable, is_within
from auth.password_rules import check_new_password
from auth.passwords import Passwords
from auth.permissions import PermissionSet
from auth.records import by_visitor, change_of_member
from auth.sessions import Visitor
from auth.sign_in import by_password
from db.audit_records import Actor, AuditRecord, Outcome
from db.clock import Clock, utc_now
from db.directory import Directory, Row
from db.errors import BadValue, Duplicate
from db.ids import new_id, public_id
from db.scopes import scope_of

PREFIX = "tgi_"
LIFE = timedelta(days=7)
LONGEST = 128
PERMISSION = "admin:members"
"""What it takes to invite somebody."""
_SECRET_BYTES = 32
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """``token`` is shown now and kept nowhere."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom an open invitation is for, and what it gives."""

    row: Row
    token_hash: bytes
    user: Row | None
    """The user of that address, if there is one."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What somebody new says of themselves."""

    name: str
    password: str


def invited_address(text: str) -> str | None:
    """The spelling that an invitation is kept by; None for what is no address, or looks like another one.

    Whether somebody has an address that looks like it is asked when it is accepted, and told nobody.
    """
    email = normal_email(text)
    return email if email is not None and email.count("@") == 1 and looks_like_itself(email) else None


async def make_invitation(
    directory: Directory,
    tenant_id: str,
    email: str,
    roles: Sequence[str],
    inviter_id: str,
    clock: Clock = utc_now,
    *,
    actor: Actor | None = None,
) -> MadeInvitation | None:
    """An invitation of an address that ``invited_address`` answered, to roles that the inviter may give; the open one
    of that address is over. None when the tenant has as many open ones as it may.
    """
    token, made, now = PREFIX + secrets.token_urlsafe(_SECRET_BYTES), new_id(), clock()
    said = {"email": email, "roles": sorted(set(roles))}
    who, named, told = (
        actor or Actor(inviter_id, None),
        public_id("inv", made),
        {each: [None, said[each]] for each in said},
    )
    created = await directory.invitations.create(
        tenant_id,
        record=AuditRecord(tenant_id, who, now, "inviteMember", Outcome.ALLOWED, "invitation", named, told),
        id=made,
        **said,
        inviter_id=inviter_id,
        token_hash=_hash(token) or b"",
        expires_at=now + LIFE,
    )
    return MadeInvitation(made, token) if created else None


async def find_invitation(directory: Directory, token: str) -> Invited:
    """Whom the link is for; nothing is used up. Raises InvitationOver."""
    token_hash = _hash(token)
    row = None if token_hash is None else await directory.invitations.by_token(token_hash)
    if token_hash is None or row is None:
        raise InvitationOver("unknown, used, revoked or expired")
    user = await directory.user_by_email(row["email"])
    if user is not None and user["disabled_at"] is not None:
        raise InvitationOver("user disabled", row["tenant_id"])
    return Invited(row, token_hash, user)


async def accept_as_new(
    directory: Directory,
    passwords: Passwords,
    invited: Invited,
    new: NewUser,
    visitor: Visitor,
    clock: Clock = utc_now,
) -> None:
    """Make a user of the address, with a password, and a member of the tenant.

    Raises InvitationOver, OperatorError for a name or a password that is not taken (the link is still good then),
    SignInBusy.
    """
    try:
        email = await new_email(directory, invited.row["email"])
    except OperatorError as error:
        raise InvitationOver(error.reason, invited.row["tenant_id"]) from None
    name = new.name.strip() or email.partition("@")[0]
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise OperatorError("name", f"A name has 1 to {_LONGEST_NAME} printable characters.")
    judged = await _judged(directory, invited)
    check_new_password(new.password, email, name)
    password_hash, user_id = await passwords.hash(new.password), new_id()
    said, record = (user_id, name, password_hash), _accepted(invited, user_id, visitor, clock)
    with _told_as_over(invited):
        if not await directory.invitations.accept_as_new(invited.token_hash, *said, record=record, **judged):
            raise InvitationOver("changed meanwhile", invited.row["tenant_id"])


async def accept_by_password(
    directory: Directory,
    passwords: Passwords,
    invited: Invited,
    password: str,
    brakes: Brakes,
    visitor: Visitor,
    *,
    clock: Clock = utc_now,
) -> None:
    """Make the user of the address a member, if this is its password. Raises InvitationOver, TooManyAttempts,
    WrongPassword, SignInBusy.
    """
    judged = await _judged(directory, invited)
    email = invited.row["email"]
    user = await by_password(directory, passwords, email, password, brakes=brakes, address=visitor.address)
    await _join(directory, invited, user, judged, _accepted(invited, user["id"], visitor, clock))


async def accept_signed_in(
    directory: Directory, invited: Invited, user_id: str, visitor: Visitor, clock: Clock = utc_now
) -> None:
    """Make the user who is signed in a member, if the invitation is its own. Raises InvitationOver, Forbidden."""
    if invited.user is None or invited.user["id"] != user_id:
        raise Forbidden("another's invitation", "This invitation is for another address: sign in with that one.")
    record = _accepted(invited, user_id, visitor, clock)
    await _join(directory, invited, invited.user, await _judged(directory, invited), record)


def failed_acceptance(error: AuthError, visitor: Visitor, at: Clock) -> AuditRecord:
    """For the trail of the tenant that invited, or for nobody's; what was typed is never on record."""
    changes = {"reason": [None, error.reason or error.code]}
    who = by_visitor(error.user_id, visitor)
    return AuditRecord(error.tenant_id, who, at(), "acceptInvitation", Outcome.FAILED, changes=changes)


def _accepted(invited: Invited, user_id: str, visitor: Visitor, clock: Clock) -> AuditRecord:
    changes, who = {"roles": [None, invited.row["roles"]]}, by_visitor(user_id, visitor)
    return change_of_member(invited.row["tenant_id"], user_id, who, clock(), "acceptInvitation", changes)


async def _join(
    directory: Directory,
    invited: Invited,
    user: Row,
    judged: Mapping[str, Any],  # Any: values
    record: AuditRecord,
) -> None:
    """Raises InvitationOver: also for who is a member already, disabled or not."""
    with _told_as_over(invited):
        known = invited.token_hash, user["id"], user["version"]
        if not await directory.invitations.accept(*known, record=record, **judged):
            raise InvitationOver("changed meanwhile", invited.row["tenant_id"])


async def _judged(directory: Directory, invited: Invited) -> dict[str, Any]:  # Any: values
    """What accepting depends on, as it is now: the inviter may still give these roles. Raises InvitationOver."""
    row, tenant_id = invited.row, invited.row["tenant_id"]
    inviter = await directory.membership(row["inviter_id"], tenant_id=tenant_id)
    if inviter is None or inviter["membership_version"] is None or inviter["disabled_at"] is not None:
        raise InvitationOver("inviter gone", tenant_id)
    held, scope = PermissionSet.of(inviter["permissions"]), scope_of(inviter["scopes"], row["inviter_id"])
    roles = await directory.roles.by_name(tenant_id, row["roles"])
    if set(roles) != set(row["roles"]):
        raise InvitationOver("role gone", tenant_id)
    raised = (inviter["elevatable"] or "").split()
    given = all(
        is_within(held, scope, role["permissions"], role["scope"]) and is_elevatable(held, raised, role["elevatable"])
        for role in roles.values()
    )
    if not given or not held.covers(PERMISSION):
        raise InvitationOver("beyond the inviter's", tenant_id)
    versions = dict(zip(inviter["roles"], inviter["role_versions"], strict=True))
    versions |= {name: role["version"] for name, role in roles.items()}
    return {
        "inviter_version": inviter["membership_version"],
        "role_names": list(versions),
        "role_versions": list(versions.values()),
    }


@contextmanager
def _told_as_over(invited: Invited) -> Iterator[None]:
    """What the database refuses is an invitation that is over: a member already, a role that is gone."""
    try:
        yield
    except (Duplicate, BadValue):
        raise InvitationOver("a member already, or a role gone", invited.row["tenant_id"]) from None


def _hash(token: str) -> bytes | None:
    """Plain SHA-256: the token is random, so there is nothing to guess and nothing to slow down."""
    if not token.startswith(PREFIX) or len(token) > LONGEST or not token.isascii():
        return None
    return hashlib.sha256(token.encode()).digest()
