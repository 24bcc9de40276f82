"""Signing in with a password, and signing out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from auth.addresses import is_open, lists_of
from auth.brakes import Brakes
from auth.emails import normal_email
from auth.errors import AuthError, Forbidden, WrongPassword
from auth.passwords import Passwords
from auth.records import by_visitor, note
from auth.sessions import NOBODY_KNOWN, Lifetimes, Visitor, hash_of, new_secret
from db.audit_records import AuditRecord, Outcome
from db.clock import Clock, utc_now
from db.directory import Directory, Row
from db.ids import public_id


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. ``secret`` is for the cookie and for nothing else."""

    secret: str
    expires_at: datetime
    user: Row
    tenant: Row


async def sign_in(
    directory: Directory,
    passwords: Passwords,
    clock: Clock,
    email: str,
    password: str,
    *,
    brakes: Brakes,
    lifetimes: Lifetimes,
    visitor: Visitor = NOBODY_KNOWN,
) -> SignedIn:
    """A new session in the first of the user's tenants by slug that may be used from where the visitor is.

    Raises TooManyAttempts, WrongPassword, SignInBusy, and Forbidden for a user of no tenant.
    """
    user = await by_password(directory, passwords, email, password, brakes=brakes, address=visitor.address)
    try:
        return await _begin(directory, user, clock(), lifetimes, visitor)
    except AuthError as error:
        error.user_id = str(user["id"])
        raise


async def by_password(
    directory: Directory, passwords: Passwords, email: str, password: str, *, brakes: Brakes, address: str | None
) -> Row:
    """The user, whose password it is. Raises TooManyAttempts, WrongPassword, SignInBusy."""
    known = normal_email(email)
    await brakes.press(known or "", address)
    user = await directory.user_by_email(known) if known is not None else None
    try:
        right = await _right(directory, passwords, user, password)
    except AuthError as error:
        error.user_id = None if user is None else str(user["id"])
        raise
    await brakes.release(right["email"], address)
    return right


async def _right(directory: Directory, passwords: Passwords, user: Row | None, password: str) -> Row:
    """The user, whose password it is. Raises WrongPassword, SignInBusy."""
    stored = user["password_hash"] if user is not None and user["disabled_at"] is None else None
    right, fresh_hash = await passwords.check(password, stored)
    if user is None or stored is None or not right:
        raise WrongPassword("wrong password" if stored else "unknown, disabled, or without a password")
    if fresh_hash is not None:
        await directory.refresh_password(user["id"], stored, fresh_hash)
    return user


async def _begin(directory: Directory, user: Row, now: datetime, lifetimes: Lifetimes, visitor: Visitor) -> SignedIn:
    """Raises Forbidden, WrongPassword."""
    memberships = await directory.memberships_of(user["id"])
    signed_in = await begin_session(directory, user, memberships, now, lifetimes, visitor)
    if signed_in is None:
        raise WrongPassword("password changed meanwhile")
    return signed_in


async def begin_session(  # what a session is made of
    directory: Directory, user: Row, memberships: Sequence[Row], now: datetime, lifetimes: Lifetimes, visitor: Visitor
) -> SignedIn | None:
    """A new session, on record, in the first of the user's tenants that may be used from where the visitor is, else in
    the first; None when the user was changed meanwhile. Raises Forbidden for a user of no tenant.
    """
    if not memberships:
        raise Forbidden("no membership", "You belong to no tenant yet. Ask whoever runs yours to add you.")
    open_here = (each for each in memberships if is_open(lists_of(each["address_lists"]), visitor.address))
    tenant = next(open_here, memberships[0])
    secret, expires_at, seen = new_secret(), now + lifetimes.absolute, (note(visitor.user_agent), note(visitor.address))
    record = AuditRecord(tenant["tenant_id"], by_visitor(user["id"], visitor), now, "signIn", Outcome.ALLOWED)
    created = await directory.sessions.create(
        hash_of(secret) or b"", user, tenant["tenant_id"], expires_at, *seen, record=record
    )
    return None if created is None else SignedIn(secret, expires_at, user, tenant)


async def sign_out(directory: Directory, secret: str, visitor: Visitor = NOBODY_KNOWN, clock: Clock = utc_now) -> bool:
    """Revoke the session, on record in the tenant that it spoke for; whether there was one."""
    id_hash = hash_of(secret)
    row = None if id_hash is None else await directory.sessions.find(id_hash)
    if id_hash is None or row is None:
        return False
    actor = replace(by_visitor(row["user_id"], visitor), kind="SIGN_OUT", credential="SESSION", space=row["space"])
    named = public_id("ses", row["session_id"])
    record = AuditRecord(row["tenant_id"], actor, clock(), "signOut", Outcome.ALLOWED, "session", named)
    return await directory.sessions.revoke(id_hash, record=record)


def failed_sign_in(error: AuthError, visitor: Visitor, now: datetime) -> AuditRecord:
    """For the trails of the user's tenants, or for nobody's; what was typed is never on record."""
    changes = {"reason": [None, error.reason or error.code]}
    return AuditRecord(None, by_visitor(error.user_id, visitor), now, "signIn", Outcome.FAILED, changes=changes)
