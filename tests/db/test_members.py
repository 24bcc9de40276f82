"""Members as the directory keeps them: those of one tenant alone, and an admin among them always."""

import asyncio
from dataclasses import replace

import pytest

from auth.permissions import SYSTEM_ROLES
from db.directory import Directory
from db.ids import new_id
from db.pages import PageRequest, SortKey
from tests.db.test_directory import new_slug

BY_TIME = PageRequest((SortKey("created_at", descending=True),), 100)


async def new_tenant(directory: Directory) -> str:
    return await directory.create_tenant(new_slug(), "Tenant", SYSTEM_ROLES)


async def join(directory: Directory, tenant: str, role: str = "admin") -> str:
    return await directory.create_user(f"{new_id()}@db.example", "Zoë", None, (tenant, role))


async def roles_of(directory: Directory, tenant: str, user: str) -> list[str] | None:
    row = (await directory.members.by_id(tenant, [user])).get(user)
    return None if row is None else list(row["roles"])


async def test_members_are_listed_counted_and_found_within_their_tenant_alone(directory: Directory) -> None:
    mine, theirs = [await new_tenant(directory) for _ in range(2)]
    ours = {await join(directory, mine, role) for role in ("admin", "viewer", "partner")}
    foreign = await join(directory, theirs)
    members = directory.members
    page = await members.page(mine, BY_TIME)
    assert {row["id"] for row in page.rows} == ours
    assert await members.count(mine, BY_TIME) == (3, False)
    assert set(await members.by_id(mine, [*ours, foreign])) == ours
    first = await members.page(mine, replace(BY_TIME, limit=2))
    assert await members.has(mine, first, ahead=True)
    rest = await members.page(mine, replace(BY_TIME, after=first.key_of(first.rows[-1])))
    assert {row["id"] for row in (*first.rows, *rest.rows)} == ours


@pytest.mark.parametrize("act", ["give", "take", "remove", "disable", "enable"])
async def test_nothing_is_done_to_the_member_of_another_tenant(directory: Directory, act: str) -> None:
    mine, theirs = [await new_tenant(directory) for _ in range(2)]
    await join(directory, mine)
    foreign = await join(directory, theirs, "viewer")
    await directory.members.give(theirs, foreign, "partner", 1)
    before = await directory.members.by_id(theirs, [foreign])
    given = {"give": ("manager", 1), "take": ("viewer",)}.get(act, ())
    assert not await getattr(directory.members, act)(mine, foreign, *given)
    assert await directory.members.by_id(theirs, [foreign]) == before


async def test_roles_are_given_and_taken_one_by_one(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    user = await join(directory, tenant, "viewer")
    assert await directory.members.give(tenant, user, "partner", 1)
    assert not await directory.members.give(tenant, user, "partner", 1)
    assert await roles_of(directory, tenant, user) == ["partner", "viewer"]
    assert await directory.members.take(tenant, user, "viewer")
    assert not await directory.members.take(tenant, user, "partner")
    assert await roles_of(directory, tenant, user) == ["partner"]


async def test_a_role_that_is_not_as_it_was_looked_at_is_not_given(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    user = await join(directory, tenant, "viewer")
    assert not await directory.members.give(tenant, user, "admin", 2)
    assert await roles_of(directory, tenant, user) == ["viewer"]


async def test_the_last_admin_who_can_act_stays(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    first, second = [await join(directory, tenant) for _ in range(2)]
    await directory.members.give(tenant, first, "viewer", 1)
    assert await directory.members.disable(tenant, second)
    members = directory.members
    assert not await members.take(tenant, first, "admin")
    assert not await members.remove(tenant, first)
    assert not await members.disable(tenant, first)
    assert await roles_of(directory, tenant, first) == ["admin", "viewer"]
    assert await members.enable(tenant, second)
    assert await members.take(tenant, first, "admin")


@pytest.mark.parametrize("act", ["remove", "disable", "take"])
async def test_of_two_admins_who_end_each_other_at_once_one_stays(directory: Directory, act: str) -> None:
    for _ in range(10):
        tenant = await new_tenant(directory)
        pair = [await join(directory, tenant) for _ in range(2)]
        for user in pair:
            await directory.members.give(tenant, user, "viewer", 1)
        given = ("admin",) if act == "take" else ()
        done = await asyncio.gather(*(getattr(directory.members, act)(tenant, user, *given) for user in pair))
        assert sorted(done) == [False, True]


async def test_a_disabled_membership_is_as_none_and_the_user_goes_on_elsewhere(directory: Directory) -> None:
    here, there = [await new_tenant(directory) for _ in range(2)]
    await join(directory, here)
    user = await join(directory, here, "viewer")
    await directory.put_membership(there, user, "viewer")
    assert await directory.members.disable(here, user)
    row = await directory.membership(user, tenant_id=here)
    assert row is not None
    assert row["membership_version"] is None
    assert [each["tenant_id"] for each in await directory.memberships_of(user)] == [there]
    assert await directory.members.enable(here, user)
    assert len(await directory.memberships_of(user)) == 2


async def test_what_is_done_to_a_member_is_told_as_a_change_of_rights(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    await join(directory, tenant)
    user = await join(directory, tenant, "viewer")
    for change in (
        directory.members.give(tenant, user, "partner", 1),
        directory.members.take(tenant, user, "partner"),
        directory.members.disable(tenant, user),
        directory.members.enable(tenant, user),
        directory.members.remove(tenant, user),
    ):
        before = await directory.identity_number()
        assert await change
        assert await directory.identity_number() > before
