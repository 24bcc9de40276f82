"""The directory: what it answers, what it refuses, and what it cannot reach."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from db.directory import Directory
from db.errors import BadValue, Duplicate
from db.ids import new_id
from tests.support.clock import HandClock

ROLES = {"admin": ["orders:*", "admin:*"], "viewer": ["orders:read"], "nobody": []}


def new_slug() -> str:
    return f"t-{uuid4().hex[:12]}"


async def new_member(directory: Directory, role: str = "viewer") -> tuple[str, str]:
    """The ids of a new user and of its new tenant."""
    tenant = await directory.create_tenant(new_slug(), "Tenant", ROLES)
    return await directory.create_user(f"{new_id()}@db.example", "User", None, (tenant, role)), tenant


async def new_session(directory: Directory, clock: HandClock) -> tuple[bytes, str]:
    """The hash of a new session, and its user's id."""
    user_id, tenant = await new_member(directory)
    user = await directory.user_by_id(user_id)
    assert user is not None
    id_hash = uuid4().bytes * 2
    assert await directory.sessions.create(id_hash, user, tenant, clock() + timedelta(days=1))
    return id_hash, user_id


async def test_a_tenant_is_made_with_its_roles(directory: Directory, superuser: asyncpg.Connection) -> None:
    slug = new_slug()
    tenant = await directory.create_tenant(slug, "Tenant", ROLES)
    found = await directory.tenant_by_slug(slug)
    assert found is not None
    assert (found["id"], found["name"]) == (tenant, "Tenant")
    rows = await superuser.fetch("SELECT name, permissions, system FROM roles WHERE tenant_id = $1::text::uuid", tenant)
    assert {row["name"]: row["permissions"] for row in rows} == ROLES
    assert all(row["system"] for row in rows)


async def test_a_slug_that_is_taken_makes_nothing(directory: Directory, superuser: asyncpg.Connection) -> None:
    slug = new_slug()
    await directory.create_tenant(slug, "First", ROLES)
    before = await superuser.fetchval("SELECT count(*) FROM roles")
    with pytest.raises(Duplicate):
        await directory.create_tenant(slug, "Second", ROLES)
    assert await superuser.fetchval("SELECT count(*) FROM roles") == before


async def test_a_user_is_found_by_email_and_by_id(directory: Directory) -> None:
    email = f"{new_id()}@db.example"
    user = await directory.create_user(email, "User", "a hash")
    by_email, by_id = await directory.user_by_email(email), await directory.user_by_id(user)
    assert by_email == by_id
    assert by_email is not None
    assert (by_email["id"], by_email["password_hash"]) == (user, "a hash")


async def test_whoever_does_not_exist_is_none(directory: Directory) -> None:
    assert await directory.user_by_email("nobody@db.example") is None
    assert await directory.user_by_id(new_id()) is None
    assert await directory.tenant_by_slug("atlantis") is None
    assert await directory.membership(new_id(), tenant_id=new_id()) is None
    assert await directory.sessions.find(b"x" * 32) is None
    assert await directory.memberships_of(new_id()) == []


@pytest.mark.parametrize("text", ["a\x00b", "lone \ud800"])
async def test_text_that_no_column_can_hold_is_a_bad_value(directory: Directory, text: str) -> None:
    with pytest.raises(BadValue):
        await directory.user_by_email(text)
    assert await directory.user_by_email("nobody@db.example") is None


async def test_an_email_is_taken_once(directory: Directory) -> None:
    email = f"{new_id()}@db.example"
    await directory.create_user(email, "User")
    with pytest.raises(Duplicate):
        await directory.create_user(email, "User")


async def test_a_role_of_no_such_name_makes_no_member(directory: Directory) -> None:
    tenant = await directory.create_tenant(new_slug(), "Tenant", ROLES)
    email = f"{new_id()}@db.example"
    with pytest.raises(BadValue):
        await directory.create_user(email, "User", None, (tenant, "emperor"))
    assert await directory.user_by_email(email) is None


async def test_a_membership_comes_with_role_grants_and_versions(directory: Directory) -> None:
    user, tenant = await new_member(directory, "admin")
    (listed,) = await directory.memberships_of(user)
    by_id = await directory.membership(user, tenant_id=tenant)
    assert by_id == await directory.membership(user, tenant_slug=listed["slug"])
    assert by_id is not None
    assert (by_id["roles"], by_id["permissions"]) == (["admin"], sorted(ROLES["admin"]))
    assert (by_id["user_version"], by_id["membership_version"], by_id["role_versions"]) == (1, 1, [1])


async def test_a_user_without_the_membership_comes_without_the_tenant(directory: Directory) -> None:
    user, _ = await new_member(directory)
    _, foreign = await new_member(directory)
    row = await directory.membership(user, tenant_id=foreign)
    assert row is not None
    assert row["user_id"] == user
    assert [row[name] for name in ("tenant_id", "membership_version", "roles", "scopes", "permissions")] == [None] * 5


async def test_a_changed_role_raises_the_version_and_an_equal_one_does_not(directory: Directory) -> None:
    user, tenant = await new_member(directory, "viewer")
    for role, version in (("viewer", 1), ("admin", 2), ("admin", 2), ("viewer", 3)):
        await directory.put_membership(tenant, user, role)
        row = await directory.membership(user, tenant_id=tenant)
        assert row is not None
        assert (row["roles"], row["membership_version"]) == ([role], version)


async def test_memberships_are_listed_by_slug(directory: Directory) -> None:
    user, first = await new_member(directory)
    tenants = [first, *[await directory.create_tenant(new_slug(), "Tenant", ROLES) for _ in range(3)]]
    for tenant in tenants:
        await directory.put_membership(tenant, user, "viewer")
    slugs = [row["slug"] for row in await directory.memberships_of(user)]
    assert slugs == sorted(slugs)
    assert len(slugs) == 4


async def test_a_refreshed_hash_does_not_undo_a_new_password(directory: Directory) -> None:
    user = await directory.create_user(f"{new_id()}@db.example", "User", "old hash")
    await directory.set_password(user, "new hash")
    await directory.refresh_password(user, "old hash", "old hash, refreshed")
    row = await directory.user_by_id(user)
    assert row is not None
    assert row["password_hash"] == "new hash"


async def test_heads_are_answered_for_the_tenants_asked_for(
    directory: Directory, superuser: asyncpg.Connection, clock: HandClock
) -> None:
    tenants = [new_id() for _ in range(3)]
    for seq, tenant in enumerate(tenants[:2], 7):
        await superuser.execute("INSERT INTO event_heads VALUES ($1::text::uuid, $2, $3)", tenant, seq, clock())
    assert await directory.heads([tenants[0], tenants[2]]) == {tenants[0]: (7, clock())}
    assert await directory.heads([]) == {}


async def test_the_revision_of_the_tables_is_told(directory: Directory) -> None:
    revision = await directory.schema_revision()
    assert revision is not None
    assert revision.startswith("2026")
