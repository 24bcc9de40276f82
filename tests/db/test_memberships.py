"""Members and their roles: written together, told as any change of rights, and never more than there is."""

import asyncio

import asyncpg
import pytest

from db.directory import IDENTITY_CHANNEL, Directory
from db.errors import BadValue
from db.ids import new_id
from tests.db.test_directory import ROLES, new_member, new_slug

GIVE = "INSERT INTO member_roles VALUES ($1::text::uuid, $2::text::uuid, $3)"


async def test_a_member_of_several_roles_has_what_any_of_them_grants_once(
    directory: Directory, superuser: asyncpg.Connection
) -> None:
    roles = {"a": ["orders:read", "products:read"], "b": ["orders:write", "orders:read"], "none": []}
    tenant = await directory.create_tenant(new_slug(), "Tenant", roles)
    user = await directory.create_user(f"{new_id()}@db.example", "User", None, (tenant, "b"))
    await superuser.execute(GIVE, tenant, user, "a")
    await superuser.execute(GIVE, tenant, user, "none")
    await superuser.execute(
        "UPDATE roles SET scope = 'OWN', version = 3 WHERE tenant_id = $1::text::uuid AND name = 'a'", tenant
    )
    row = await directory.membership(user, tenant_id=tenant)
    assert row is not None
    assert (row["roles"], row["scopes"], row["role_versions"]) == (["a", "b", "none"], ["OWN", "ALL", "ALL"], [3, 1, 1])
    assert row["permissions"] == ["orders:read", "orders:write", "products:read"]
    (listed,) = await directory.memberships_of(user)
    assert (listed["roles"], listed["permissions"]) == (row["roles"], row["permissions"])


async def test_a_member_without_any_role_is_one_who_may_nothing(
    directory: Directory, superuser: asyncpg.Connection
) -> None:
    user, tenant = await new_member(directory)
    await superuser.execute("DELETE FROM member_roles WHERE user_id = $1::text::uuid", user)
    row = await directory.membership(user, tenant_id=tenant)
    assert row is not None
    assert (row["membership_version"], row["roles"], row["scopes"], row["permissions"]) == (1, [], [], [])


async def test_to_be_put_into_a_role_is_to_leave_the_others(
    directory: Directory, superuser: asyncpg.Connection
) -> None:
    user, tenant = await new_member(directory, "viewer")
    await superuser.execute(GIVE, tenant, user, "nobody")
    await directory.put_membership(tenant, user, "admin")
    row = await directory.membership(user, tenant_id=tenant)
    assert row is not None
    assert (row["roles"], row["membership_version"]) == (["admin"], 2)


async def test_a_role_that_does_not_exist_changes_nothing(directory: Directory) -> None:
    user, tenant = await new_member(directory, "viewer")
    with pytest.raises(BadValue):
        await directory.put_membership(tenant, user, "emperor")
    row = await directory.membership(user, tenant_id=tenant)
    assert row is not None
    assert (row["roles"], row["membership_version"]) == (["viewer"], 1)


async def test_who_joins_again_keeps_the_roles_held(directory: Directory) -> None:
    user, tenant = await new_member(directory, "admin")
    await directory.links.join(tenant, user, "viewer")
    other = await directory.create_tenant(new_slug(), "Other", ROLES)
    await directory.links.join(other, user, "viewer")
    held = {row["tenant_id"]: row["roles"] for row in await directory.memberships_of(user)}
    assert held == {tenant: ["admin"], other: ["viewer"]}


async def test_a_role_in_use_cannot_be_removed(directory: Directory, superuser: asyncpg.Connection) -> None:
    _, tenant = await new_member(directory, "viewer")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await superuser.execute("DELETE FROM roles WHERE tenant_id = $1::text::uuid AND name = 'viewer'", tenant)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO member_roles SELECT tenant_id, user_id, 'nobody' FROM memberships WHERE user_id = $1::text::uuid",
        "UPDATE member_roles SET role = 'nobody' WHERE user_id = $1::text::uuid",
        "DELETE FROM member_roles WHERE user_id = $1::text::uuid",
    ],
    ids=["given", "changed", "taken"],
)
async def test_a_role_that_is_given_or_taken_by_hand_is_told_and_numbered(
    directory: Directory, superuser: asyncpg.Connection, change: str
) -> None:
    user, _ = await new_member(directory)
    told: asyncio.Queue[str] = asyncio.Queue(100)
    await directory.listen(IDENTITY_CHANNEL, told.put_nowait)
    before = await directory.identity_number()
    await superuser.execute(change, user)
    assert [await told.get(), await told.get()] == [user, f"#{before + 1}"]
