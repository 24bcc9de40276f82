"""Signing in with a password, and signing out."""

from dataclasses import dataclass
from datetime import datetime

from auth.brakes import Brakes
from auth.emails import normal_email
from auth.errors import AuthError, Forbidden, WrongPassword
from auth.passwords import Passwords
from auth.sessions import Lifetimes, Visitor, hash_of, new_secret
from db.audit_records import Actor, AuditRecord, Outcome
from db.clock import Clock
from db.directory import Directory, Row

NOBODY_KNOWN = Visitor()
_LONGEST_NOTE = 300


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
    """A new session in the first of the user's tenants by slug.

    Raises TooManyAttempts, WrongPassword, SignInBusy, and Forbidden for a user of no tenant.
    """
    known = normal_email(email)
    await brakes.press(known or "", visitor.address)
    user = await directory.user_by_email(known) if known is not None else None
    try:
        right = await _right(directory, passwords, user, password)
        await brakes.release(right["email"], visitor.address)
        return await _begin(directory, right, clock() + lifetimes.absolute, visitor)
    except AuthError as error:
        error.user_id = None if user is None else str(user["id"])
        raise


async def _right(directory: Directory, passwords: Passwords, user: Row | None, password: str) -> Row:
    """The user, whose password it is. Raises WrongPassword, SignInBusy."""
    stored = user["password_hash"] if user is not None and user["disabled_at"] is None else None
    right, fresh_hash = await passwords.check(password, stored)
    if user is None or stored is None or not right:
        raise WrongPassword("wrong password" if stored else "unknown, disabled, or without a password")
    if fresh_hash is not None:
        await directory.refresh_password(user["id"], stored, fresh_hash)
    return user


async def _begin(directory: Directory, user: Row, expires_at: datetime, visitor: Visitor) -> SignedIn:
    """Raises Forbidden, WrongPassword."""
    memberships = await directory.memberships_of(user["id"])
    if not memberships:
        raise Forbidden("no membership", "You belong to no tenant yet. Ask whoever runs yours to add you.")
    secret, tenant = new_secret(), memberships[0]
    seen = note(visitor.user_agent), note(visitor.address)
    created = await directory.sessions.create(
        _hash(secret), user, tenant["tenant_id"], expires_at, *seen, request_id=visitor.request_id
    )
    if created is None:
        raise WrongPassword("password changed meanwhile")
    return SignedIn(secret, expires_at, user, tenant)


async def sign_out(directory: Directory, secret: str) -> bool:
    """Revoke the session; whether there was one."""
    id_hash = hash_of(secret)
    return id_hash is not None and await directory.sessions.revoke(id_hash)


def failed_sign_in(error: AuthError, visitor: Visitor, now: datetime) -> AuditRecord:
    """For the trails of the user's tenants, or for nobody's; what was typed is never on record."""
    actor = Actor(error.user_id, visitor.request_id, "SIGN_IN", address=note(visitor.address))
    changes = {"reason": [None, error.reason or error.code]}
    return AuditRecord(None, actor, now, "signIn", Outcome.FAILED, changes=changes)


def _hash(secret: str) -> bytes:
    id_hash = hash_of(secret)
    if id_hash is None:
        raise ValueError("not a session's secret")
    return id_hash


def note(text: str | None) -> str | None:
    """What a request says of itself, fit to be kept: printable and short."""
    return "".join(filter(str.isprintable, text))[:_LONGEST_NOTE] if text else None
