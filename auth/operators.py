"""What an operator does from the command line, with nobody signed in; what changes is on record.

Every function raises OperatorError, in words for a person.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from auth.authenticate import SLUG, tenant_of_operator
from auth.emails import new_email, normal_email
from auth.errors import OperatorError
from auth.keyring import Keyring
from auth.password_rules import check_new_password
from auth.passwords import Passwords
from auth.permissions import ELEVATABLE, SYSTEM_ROLES, PermissionSet
from auth.records import by_operator, change_of_member, change_of_user
from auth.spaces import USUAL, Space
from auth.tokens import LONGEST_LIFE, sign_token
from db.audit_records import AuditRecord, Outcome
from db.clock import Clock, utc_now
from db.directory import Directory, Row
from db.errors import BadValue, Duplicate
from db.ids import new_id, public_id

_LONGEST_NAME = 200


async def create_tenant(directory: Directory, slug: str, name: str, clock: Clock = utc_now) -> str:
    """The new tenant's id (hex); it begins with the system roles."""
    if not SLUG.fullmatch(slug):
        raise OperatorError("slug", f"{slug!r} is no slug: up to 63 of a-z, 0-9 and -, not beginning with -.")
    shown, tenant_id = _name(name), new_id()
    changes = {"slug": [None, slug], "name": [None, shown]}
    named = public_id("ten", tenant_id)
    record = AuditRecord(tenant_id, by_operator(), clock(), "createTenant", Outcome.ALLOWED, "tenant", named, changes)
    try:
        return await directory.create_tenant(slug, shown, SYSTEM_ROLES, ELEVATABLE, record=record)
    except Duplicate:
        raise OperatorError("slug taken", f"There is a tenant {slug!r} already.") from None


async def create_user(
    directory: Directory,
    passwords: Passwords,
    email: str,
    name: str,
    password: str,
    *,
    tenant_slug: str | None = None,
    role: str = "viewer",
    clock: Clock = utc_now,
) -> str:
    """The new user's id (hex): with a tenant a member of it from the first moment, else of nothing yet."""
    address, shown = await new_email(directory, email), _name(name)
    check_new_password(password, address, shown)
    member_of = None if tenant_slug is None else ((await tenant_of_operator(directory, tenant_slug)).hex, role)
    password_hash, user_id = await passwords.hash(password), new_id()
    changes = {"email": [None, address], "roles": [None, None if member_of is None else [role]]}
    record = change_of_user(user_id, by_operator(), clock(), "createUser", changes)
    record.tenant_id = member_of and member_of[0]
    try:
        return await directory.create_user(address, shown, password_hash, member_of, record=record)
    except Duplicate:
        raise OperatorError("email taken", f"There is a user {address} already.") from None
    except BadValue:
        raise OperatorError("no such role", f"The tenant {tenant_slug!r} has no role {role!r}.") from None


async def add_member(directory: Directory, email: str, tenant_slug: str, role: str, clock: Clock = utc_now) -> None:
    """Make the user a member of the tenant with that role, or change its role there."""
    user = await _user(directory, email)
    tenant = await tenant_of_operator(directory, tenant_slug)
    before = await directory.membership(user["id"], tenant_id=tenant.hex)
    changes = {"roles": [before["roles"] if before is not None and before["roles"] else None, [role]]}
    record = change_of_member(tenant.hex, user["id"], by_operator(), clock(), "putMember", changes)
    try:
        await directory.put_membership(tenant.hex, user["id"], role, record=record)
    except BadValue:
        raise OperatorError("no such role", f"The tenant {tenant_slug!r} has no role {role!r}.") from None


async def allow_spaces(
    directory: Directory, email: str, tenant_slug: str, spaces: Sequence[Space], clock: Clock = utc_now
) -> None:
    """Let the member be in these spaces and in no others."""
    user = await _user(directory, email)
    tenant = await tenant_of_operator(directory, tenant_slug)
    before = await directory.membership(user["id"], tenant_id=tenant.hex)
    allowed = [space.value for space in dict.fromkeys(spaces)]
    changes = {"spaces": [before and before["spaces"], allowed]}
    record = change_of_member(tenant.hex, user["id"], by_operator(), clock(), "allowSpaces", changes)
    if not spaces or not await directory.put_spaces(tenant.hex, user["id"], allowed, record=record):
        raise OperatorError("not a member", f"{user['email']} does not belong to {tenant_slug}, or no space was named.")


async def put_canary(directory: Directory, slug: str) -> str:
    """The email of an admin of a tenant that is there to be examined; both are made unless they are there. Nobody can
    sign in as it: it has no password, and no letter reaches it.
    """
    email = f"canary@{slug}.invalid"
    with suppress(Duplicate):
        await directory.create_tenant(slug, f"Canary {slug}", SYSTEM_ROLES, record=None)
    tenant = await tenant_of_operator(directory, slug)
    with suppress(Duplicate):
        await directory.create_user(email, f"Canary {slug}", None, (tenant.hex, "admin"), record=None)
    return email


async def reset_password(
    directory: Directory, passwords: Passwords, email: str, password: str, clock: Clock = utc_now
) -> None:
    """Set the password; every session and every bearer token of the user ends."""
    user = await _user(directory, email)
    check_new_password(password, user["email"], user["name"])
    record = change_of_user(user["id"], by_operator(), clock(), "resetPassword")
    await directory.set_password(user["id"], await passwords.hash(password), record=record)


async def issue_token(
    directory: Directory,
    keyring: Keyring,
    email: str,
    tenant_slug: str | None,
    minutes: int,
    clock: Clock = utc_now,
    *,
    space: Space = USUAL,
) -> str:
    """A bearer token of the user for one of its tenants, on record; without a slug, for the only one it has."""
    longest = int(LONGEST_LIFE.total_seconds() // 60)
    if not 1 <= minutes <= longest:
        raise OperatorError("minutes", f"A token lives for 1 to {longest} minutes.")
    user = await _user(directory, email)
    if user["disabled_at"] is not None:
        raise OperatorError("user disabled", f"The user {user['email']} is disabled.")
    tenants = {row["slug"]: row["tenant_id"] for row in await directory.memberships_of(user["id"])}
    if tenant_slug is None and len(tenants) > 1:
        raise OperatorError("which tenant", f"{user['email']} belongs to {', '.join(tenants)}: say for which one.")
    tenant_id = next(iter(tenants.values()), None) if tenant_slug is None else tenants.get(tenant_slug)
    if tenant_id is None:
        raise OperatorError("not a member", f"{user['email']} does not belong to {tenant_slug or 'any tenant'}.")
    now, life, version = clock(), timedelta(minutes=minutes), user["credentials_version"]
    changes = {"until": [None, (now + life).isoformat()], "space": [None, space.value]}
    record = change_of_member(tenant_id, user["id"], by_operator(), now, "issueToken", changes)
    await directory.recorder.add([record])
    return sign_token(keyring, user["id"], tenant_id, now, life, version, space=space)


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a tenant (ids as hex); ``permissions`` None for no member."""

    user_id: str
    tenant_id: str
    permissions: PermissionSet | None


async def member_of(directory: Directory, email: str, tenant_slug: str) -> Member:
    """Who somebody is in a tenant, and what that grants today."""
    user, tenant = await _user(directory, email), await tenant_of_operator(directory, tenant_slug)
    row = await directory.membership(user["id"], tenant_id=tenant.hex)
    known = row is not None and row["membership_version"] is not None and row["disabled_at"] is None
    return Member(user["id"], tenant.hex, PermissionSet.of(row["permissions"]) if known and row is not None else None)


async def _user(directory: Directory, email: str) -> Row:
    user = await directory.user_by_email(_email(email))
    if user is None:
        raise OperatorError("no such user", f"There is no user {email!r}.")
    return user


def _email(text: str) -> str:
    email = normal_email(text)
    if email is None:
        raise OperatorError("email", f"{text!r} is no email address.")
    return email


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise OperatorError("name", f"A name has 1 to {_LONGEST_NAME} printable characters.")
    return name
