"""A new password by a link: a token that is good once, for half an hour, in whoever's hands it is."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.emails import normal_email
from auth.errors import OperatorError, Unauthenticated
from auth.password_rules import check_new_password
from auth.passwords import Passwords
from auth.records import by_operator, by_visitor, change_of_user
from auth.sessions import NOBODY_KNOWN, Visitor
from db.clock import Clock, utc_now
from db.directory import Directory

PREFIX = "tgr_"
LIFE = timedelta(minutes=30)
LONGEST = 128
_SECRET_BYTES = 32
OVER = "This link is not good any more. Ask for another one."
"""The same for one that never was, one that was used, and one whose time is over."""


@dataclass(frozen=True, slots=True)
class MadeReset:
    """``token`` is shown now and kept nowhere."""

    token: str
    expires_at: datetime


async def make_reset(directory: Directory, email: str, clock: Clock = utc_now) -> MadeReset:
    """A token for the user's next password; those made before are over. Raises OperatorError."""
    user = await directory.user_by_email(normal_email(email) or "")
    if user is None:
        raise OperatorError("no such user", f"There is no user {email!r}.")
    if user["disabled_at"] is not None:
        raise OperatorError("user disabled", f"The user {user['email']} is disabled.")
    token, expires_at = PREFIX + secrets.token_urlsafe(_SECRET_BYTES), clock() + LIFE
    record = change_of_user(user["id"], by_operator(), clock(), "makePasswordLink")
    await directory.resets.create(_hash(token) or b"", user["id"], expires_at, record=record)
    return MadeReset(token, expires_at)


async def reset_by_token(
    directory: Directory,
    passwords: Passwords,
    token: str,
    password: str,
    visitor: Visitor = NOBODY_KNOWN,
    clock: Clock = utc_now,
) -> str:
    """Set the password that the token is for; every session and every bearer token of its user ends. Answers the email.

    Raises Unauthenticated for a token that is not good any more, OperatorError for a password that is not taken (the
    token is still good then), SignInBusy.
    """
    token_hash = _hash(token)
    user = None if token_hash is None else await directory.resets.user_of(token_hash)
    if token_hash is None or user is None:
        raise Unauthenticated("reset token", OVER)
    check_new_password(password, user["email"], user["name"])
    record = change_of_user(user["id"], by_visitor(user["id"], visitor), clock(), "resetPassword")
    taken = await directory.resets.take(token_hash, await passwords.hash(password), record=record)
    if taken is None:
        raise Unauthenticated("reset token used meanwhile", OVER)
    return str(taken["email"])


def _hash(token: str) -> bytes | None:
    """Plain SHA-256: the token is random, so there is nothing to guess and nothing to slow down."""
    if not token.startswith(PREFIX) or len(token) > LONGEST or not token.isascii():
        return None
    return hashlib.sha256(token.encode()).digest()
