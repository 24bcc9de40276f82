"""What a person does with its own sessions: look at them, end them, and take one to another tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from auth.addresses import is_open, lists_of
from auth.devices import device_of
from auth.errors import BadSession, Forbidden
from auth.principal import Principal
from auth.records import change_of_session
from auth.sessions import Lifetimes, Rotation, hash_of, new_secret
from auth.spaces import Space
from db.audit_records import Actor, AuditRecord
from db.clock import Clock, utc_now
from db.directory import Directory, Row
from db.ids import public_id
from db.rotations import NO_ELEVATION

NO_SESSION = "Only a browser's session can do this: a token or a key speaks for itself alone."
NO_TENANT = "You belong to no tenant of that name."
NOT_HERE = "That tenant may not be used from where you are."
NO_SPACE = "Your membership does not let you be in that space."


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of a person's sessions (its id as hex)."""

    id: str
    device: str
    """In plain words, as far as the browser told them."""
    address: str | None
    created_at: datetime
    last_seen_at: datetime
    """To the minute."""
    expires_at: datetime
    current: bool
    """Whether it is the one that asks."""


async def list_sessions(
    directory: Directory, principal: Principal, lifetimes: Lifetimes, clock: Clock = utc_now
) -> list[OwnSession]:
    """Those that are good now, used last first; none for an API key, or an impersonation, which
    is not the person.
    """
    if principal.key_name is not None or principal.acting_for is not None:
        return []
    now = clock()
    rows = await directory.sessions.living(principal.user_id, now - lifetimes.absolute, now - lifetimes.idle)
    return [_shown(row, principal, lifetimes) for row in rows]


async def revoke_session(
    directory: Directory,
    principal: Principal,
    lifetimes: Lifetimes,
    session_id: str,
    clock: Clock = utc_now,
    actor: Actor | None = None,
) -> OwnSession | None:
    """End one of the person's sessions, its own among them: at once and with its streams. None for no such session.
    Raises Forbidden for an API key.
    """
    _refuse_key(principal)
    record = change_of_session(principal, actor, clock(), "revokeSession")
    record.entity_id = public_id("ses", session_id)
    row = await directory.sessions.revoke_one(principal.user_id, session_id, record=record)
    return None if row is None else _shown(row, principal, lifetimes)


async def revoke_other_sessions(
    directory: Directory, principal: Principal, clock: Clock = utc_now, actor: Actor | None = None
) -> int:
    """End all but the session that asks; by a token, all. Answers how many. Raises Forbidden for an API key."""
    _refuse_key(principal)
    record = change_of_session(principal, actor, clock(), "revokeOtherSessions")
    return await directory.sessions.revoke_others(principal.user_id, principal.session_id, record=record)


async def rotate_session(
    directory: Directory,
    principal: Principal,
    reason: Rotation,
    changes: Mapping[str, object] = MappingProxyType({}),
    record: AuditRecord | None = None,
) -> str:
    """A new secret for the principal's session, whose columns ``changes`` are set with it, on ``record``; the old one
    is dead from now on, on every worker, and what was opened by it ends. For every change of privilege.

    Raises Forbidden for a caller without a session, BadSession when it ended or got another secret meanwhile.
    """
    if principal.session_key is None:
        raise Forbidden("no session", NO_SESSION)
    secret = new_secret()
    new_hash, old_hash = hash_of(secret), bytes.fromhex(principal.session_key)
    if new_hash is None or await directory.sessions.rotate(old_hash, new_hash, reason, changes, record=record) is None:
        raise BadSession("rotated meanwhile")
    return secret


async def switch_tenant(
    directory: Directory,
    principal: Principal,
    slug: str,
    address: str | None = None,
    clock: Clock = utc_now,
    actor: Actor | None = None,
) -> tuple[str, Row]:
    """Let the principal's session speak for another of its own tenants: a new secret, and the membership there. An
    elevation ends.

    Raises Forbidden for a tenant that is not one of the caller's or may not be used from its address, where the
    session could not come back from it; and what ``rotate_session`` raises.
    """
    if principal.session_key is None:
        raise Forbidden("no session", NO_SESSION)
    found = next((row for row in await directory.memberships_of(principal.user_id) if row["slug"] == slug), None)
    if found is None:
        raise Forbidden("not a member", NO_TENANT)
    if not is_open(lists_of(found["address_lists"]), address):
        raise Forbidden("address", NOT_HERE)
    changes = {**NO_ELEVATION, "tenant_id": found["tenant_id"]}
    record = change_of_session(principal, actor, clock(), "switchTenant")
    return await rotate_session(directory, principal, Rotation.TENANT, changes, record), found


async def switch_space(
    directory: Directory, principal: Principal, space: Space, clock: Clock = utc_now, actor: Actor | None = None
) -> str:
    """Let the principal's session be in another space: a new secret.

    Raises Forbidden for a space that the membership does not allow, and what ``rotate_session`` raises.
    """
    if principal.session_key is None:
        raise Forbidden("no session", NO_SESSION)
    if space not in principal.spaces:
        raise Forbidden("space", NO_SPACE)
    said = {"space": [principal.space.value, space.value]}
    record = change_of_session(principal, actor, clock(), "switchSpace", said)
    return await rotate_session(directory, principal, Rotation.PRIVILEGE, {"space": space.value}, record)


def _refuse_key(principal: Principal) -> None:
    if principal.key_name is not None:
        raise Forbidden("an API key", "An API key cannot end sessions.")


def _shown(row: Row, principal: Principal, lifetimes: Lifetimes) -> OwnSession:
    return OwnSession(
        id=row["id"],
        device=device_of(row["user_agent"]),
        address=row["address"],
        created_at=row["created_at"],
        last_seen_at=row["seen_at"],
        expires_at=min(row["expires_at"], row["created_at"] + lifetimes.absolute),
        current=row["id"] == principal.session_id,
    )
