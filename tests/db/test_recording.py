"""Who may what changes together with its record: both are there, or neither is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from auth.permissions import SYSTEM_ROLES
from db.audit_records import Actor, AuditRecord, Outcome
from db.directory import IDENTITY_CHANNEL, Directory
from db.errors import DatabaseAway
from db.ids import new_id
from tests.support.clock import HandClock

ROLE: dict[str, Any] = {"permissions": ["orders:read"], "elevatable": [], "scope": "ALL", "description": None}
KEY: dict[str, Any] = {
    "label": "A key",
    "permissions": ["orders:read"],
    "networks": [],
    "space": "PROVIDER",
    "documents": "AD_HOC",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant of the test's own, with two admins, a session of the second's, a key and an invitation."""

    directory: Directory
    clock: HandClock
    tenant: str
    user: str
    session: bytes
    key: str
    invitation: str

    def record(self) -> AuditRecord:
        actor = Actor(None, None, "COMMAND")
        return AuditRecord(self.tenant, actor, self.clock(), "tested", Outcome.ALLOWED, whose=self.user)


async def _place(directory: Directory, clock: HandClock) -> Place:
    tenant = await directory.create_tenant(f"t-{new_id()}", "Tenant", SYSTEM_ROLES)
    users = [await directory.create_user(f"{new_id()}@db.example", "Zoë", None, (tenant, "admin")) for _ in range(2)]
    await directory.members.give(tenant, users[1], "viewer", 1)
    await directory.roles.create(tenant, "seller", **ROLE)
    soon, session, key, invitation = clock() + timedelta(hours=1), new_id().encode(), f"tgk_{new_id()}", new_id()
    row = await directory.user_by_id(users[1])
    assert row is not None
    await directory.sessions.create(session, row, tenant, soon)
    whose: dict[str, Any] = {"maker_id": users[1], "secret_hash": b"x", "expires_at": soon}
    await directory.api_keys.create(tenant, key, **KEY, **whose)
    said: dict[str, Any] = {
        "email": "new@db.example",
        "roles": ["viewer"],
        "inviter_id": users[1],
        "token_hash": new_id().encode(),
    }
    await directory.invitations.create(tenant, id=invitation, **said, expires_at=soon)
    return Place(directory, clock, tenant, users[1], session, key, invitation)


Change = Callable[[Place, AuditRecord], Awaitable[object]]


def _rotate_key(at: Place, record: AuditRecord) -> Awaitable[object]:
    fresh = {"new_name": f"tgk_{new_id()}", "secret_hash": b"y", "maker_id": at.user}
    return at.directory.api_keys.rotate(
        at.tenant, at.key, at.clock(), record=record, **fresh, expires_at=at.clock() + timedelta(hours=1)
    )


CHANGES: dict[str, Change] = {
    "give a role": lambda at, record: at.directory.members.give(at.tenant, at.user, "partner", 1, record=record),
    "take a role": lambda at, record: at.directory.members.take(at.tenant, at.user, "viewer", record=record),
    "remove a member": lambda at, record: at.directory.members.remove(at.tenant, at.user, record=record),
    "disable a member": lambda at, record: at.directory.members.disable(at.tenant, at.user, record=record),
    "make a role": lambda at, record: at.directory.roles.create(at.tenant, "buyer", record=record, **ROLE),
    "change a role": lambda at, record: at.directory.roles.update(
        at.tenant, "seller", 1, record=record, **{**ROLE, "scope": "OWN"}
    ),
    "remove a role": lambda at, record: at.directory.roles.delete(at.tenant, "seller", record=record),
    "rotate a key": _rotate_key,
    "revoke a key": lambda at, record: at.directory.api_keys.revoke(at.tenant, at.key, record=record),
    "end an invitation": lambda at, record: at.directory.invitations.revoke(at.tenant, at.invitation, record=record),
    "bind to networks": lambda at, record: at.directory.address_lists.put(
        at.tenant, "*", ["203.0.113.0/24"], record=record
    ),
    "end a session": lambda at, record: at.directory.sessions.revoke(at.session, record=record),
    "end all sessions": lambda at, record: at.directory.sessions.revoke_others(at.user, None, record=record),
    "rotate a session": lambda at, record: at.directory.sessions.rotate(
        at.session, at.session[::-1], "because", {}, record=record
    ),
    "put a membership": lambda at, record: at.directory.put_membership(at.tenant, at.user, "viewer", record=record),
    "allow spaces": lambda at, record: at.directory.put_spaces(at.tenant, at.user, ["CLIENT"], record=record),
    "set a password": lambda at, record: at.directory.set_password(at.user, "a hash", record=record),
    "make a password link": lambda at, record: at.directory.resets.create(
        new_id().encode(), at.user, at.clock() + timedelta(hours=1), record=record
    ),
    "link a provider": lambda at, record: at.directory.links.link(
        "https://id.example", new_id(), at.user, record=record
    ),
}
"""Each changes something when it is done once in a new place."""
_TABLES = {
    "memberships": "tenant_id = $1",
    "member_roles": "tenant_id = $1",
    "roles": "tenant_id = $1",
    "api_keys": "tenant_id = $1",
    "invitations": "tenant_id = $1",
    "tenants": "id = $1",
    "sessions": "tenant_id = $1",
    "replaced_sessions": "session_id IN (SELECT id FROM sessions WHERE tenant_id = $1)",
    "users": "id IN (SELECT user_id FROM memberships WHERE tenant_id = $1)",
    "password_resets": "user_id IN (SELECT user_id FROM memberships WHERE tenant_id = $1)",
    "identities": "user_id IN (SELECT user_id FROM memberships WHERE tenant_id = $1)",
}


@asynccontextmanager
async def _at_each_record(superuser: asyncpg.Connection, tenant: str, happens: str) -> AsyncIterator[None]:
    """What happens when a record of the tenant has been written and is not committed."""
    name = f"happens_{new_id()}"
    await superuser.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger AS $$ BEGIN {happens} END $$ LANGUAGE plpgsql SECURITY DEFINER"
    )
    when = f"WHEN (NEW.tenant_id = '{tenant}')"
    await superuser.execute(
        f"CREATE TRIGGER {name} AFTER INSERT ON audit_log FOR EACH ROW {when} EXECUTE FUNCTION {name}()"
    )
    try:
        yield
    finally:
        await superuser.execute(f"DROP FUNCTION {name} CASCADE")


async def _rows(superuser: asyncpg.Connection, tenant: str) -> dict[str, Any]:  # Any: rows
    """All that there is of a tenant, and its records."""
    tables = {**_TABLES, "audit_log": "tenant_id = $1"}
    return {
        name: [
            dict(row) for row in await superuser.fetch(f"SELECT * FROM {name} WHERE {which} ORDER BY 1, 2, 3", tenant)
        ]
        for name, which in tables.items()
    }


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_is_there_with_its_record(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection, name: str
) -> None:
    place = await _place(directory, clock)
    before, record = await _rows(superuser, place.tenant), place.record()
    await CHANGES[name](place, record)
    after = await _rows(superuser, place.tenant)
    assert [row["action"] for row in after.pop("audit_log")] == ["tested"]
    assert not before.pop("audit_log")
    assert before != after, "nothing was changed"
    assert record.actor.recorded
    assert record.actor.wrote


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_whose_record_cannot_be_written_does_not_happen(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection, name: str
) -> None:
    place = await _place(directory, clock)
    before, record = await _rows(superuser, place.tenant), place.record()
    async with _at_each_record(superuser, place.tenant, "RAISE 'full';"):
        with pytest.raises(asyncpg.RaiseError):
            await CHANGES[name](place, record)
    assert await _rows(superuser, place.tenant) == before
    assert not record.actor.recorded
    assert not record.actor.wrote


@pytest.mark.parametrize("name", ["give a role", "change a role", "revoke a key", "end a session", "allow spaces"])
async def test_who_listens_has_heard_of_a_change_when_it_is_answered(
    directory: Directory, clock: HandClock, name: str
) -> None:
    place, told = await _place(directory, clock), list[str]()
    await directory.listen(IDENTITY_CHANNEL, told.append)
    await CHANGES[name](place, place.record())
    assert {place.user, "*"} & set(told)
    assert any(each.startswith("#") for each in told), "its number"


async def test_who_dies_between_record_and_change_leaves_neither(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection
) -> None:
    place = await _place(directory, clock)
    before = await _rows(superuser, place.tenant)
    dies = "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL;"
    async with _at_each_record(superuser, place.tenant, dies):
        with pytest.raises(DatabaseAway):
            await directory.members.remove(place.tenant, place.user, record=place.record())
    assert await _rows(superuser, place.tenant) == before
    assert await directory.members.remove(place.tenant, place.user, record=place.record()), (
        "the next one finds another connection"
    )


async def test_what_changes_nothing_is_not_on_record(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection
) -> None:
    place = await _place(directory, clock)
    before, record = await _rows(superuser, place.tenant), place.record()
    assert not await directory.members.give(place.tenant, place.user, "admin", 1, record=record)
    assert not await directory.members.take(place.tenant, place.user, "partner", record=record)
    assert not await directory.roles.update(place.tenant, "seller", 9, record=record, **ROLE)
    assert await _rows(superuser, place.tenant) == before
    assert not record.actor.recorded


async def test_a_record_without_a_tenant_goes_to_all_tenants_of_whom_it_is_about(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection
) -> None:
    places = [await _place(directory, clock) for _ in range(2)]
    user = places[0].user
    await directory.put_membership(places[1].tenant, user, "viewer")
    record = places[0].record()
    record.tenant_id = None
    await directory.set_password(user, "a hash", record=record)
    for place in places:
        assert [row["action"] for row in (await _rows(superuser, place.tenant))["audit_log"]] == ["tested"]
