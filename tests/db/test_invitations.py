"""Invitations as the directory keeps them: those of one tenant alone, and used up in one statement."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auth.permissions import SYSTEM_ROLES
from db.directory import Directory
from db.errors import BadValue
from db.ids import new_id
from db.pages import PageRequest, SortKey
from tests.db.test_directory import new_slug
from tests.support.clock import HandClock

BY_TIME = PageRequest((SortKey("created_at", descending=True),), 100)


async def new_tenant(directory: Directory) -> tuple[str, str]:
    """A tenant and its admin."""
    tenant = await directory.create_tenant(new_slug(), "Tenant", SYSTEM_ROLES)
    return tenant, await directory.create_user(f"{new_id()}@db.example", "Zoë", None, (tenant, "admin"))


async def invite(directory: Directory, clock: HandClock, tenant: str, inviter: str, email: str | None = None) -> str:
    made, address, token = new_id(), email or f"{new_id()}@db.example", new_id().encode()
    said: dict[str, Any] = {"email": address, "roles": ["viewer"], "inviter_id": inviter, "token_hash": token}
    assert await directory.invitations.create(tenant, id=made, **said, expires_at=clock() + timedelta(days=7))
    return made


async def test_invitations_are_listed_counted_and_found_within_their_tenant_alone(
    directory: Directory, clock: HandClock
) -> None:
    (mine, inviter), (theirs, other) = [await new_tenant(directory) for _ in range(2)]
    ours = {await invite(directory, clock, mine, inviter) for _ in range(3)}
    foreign = await invite(directory, clock, theirs, other)
    invitations = directory.invitations
    page = await invitations.page(mine, BY_TIME)
    assert {row["id"] for row in page.rows} == ours
    assert "token_hash" not in page.rows[0].keys()  # noqa: SIM118  a record is no mapping
    assert await invitations.count(mine, BY_TIME) == (3, False)
    assert await invitations.has(mine, await invitations.page(mine, replace(BY_TIME, limit=2)), ahead=True)
    assert await invitations.by_id(mine, foreign) is None
    assert not await invitations.revoke(mine, foreign)
    found = await invitations.by_id(theirs, foreign)
    assert found is not None
    assert found["revoked_at"] is None


async def test_a_new_invitation_ends_the_one_of_the_same_address_and_tenant(
    directory: Directory, clock: HandClock
) -> None:
    (mine, inviter), (theirs, other) = [await new_tenant(directory) for _ in range(2)]
    email = f"{new_id()}@db.example"
    first, elsewhere = [await invite(directory, clock, *each, email) for each in ((mine, inviter), (theirs, other))]
    second = await invite(directory, clock, mine, inviter, email)
    for tenant, id_, over in ((mine, first, True), (mine, second, False), (theirs, elsewhere, False)):
        row = await directory.invitations.by_id(tenant, id_)
        assert row is not None
        assert (row["revoked_at"] is not None) is over


@pytest.mark.parametrize("moved", ["inviter_version", "role_versions"])
async def test_what_was_judged_must_be_as_it_was(directory: Directory, clock: HandClock, moved: str) -> None:
    tenant, inviter = await new_tenant(directory)
    email, token = f"{new_id()}@db.example", new_id().encode()
    said: dict[str, Any] = {"email": email, "roles": ["viewer"], "inviter_id": inviter, "token_hash": token}
    assert await directory.invitations.create(tenant, id=new_id(), **said, expires_at=clock() + timedelta(days=7))
    judged: dict[str, Any] = {"inviter_version": 1, "role_names": ["admin", "viewer"], "role_versions": [1, 1]}
    off = {**judged, moved: 2 if moved == "inviter_version" else [1, 2]}
    user = new_id()
    assert not await directory.invitations.accept_as_new(token, user, "Zoë", "hash", **off)
    assert await directory.user_by_email(email) is None
    assert await directory.invitations.accept_as_new(token, user, "Zoë", "hash", **judged)
    assert set(await directory.members.by_id(tenant, [user])) == {user}


async def test_an_invitation_of_nobody_or_into_nothing_is_not_made(directory: Directory, clock: HandClock) -> None:
    tenant, inviter = await new_tenant(directory)
    for place, who in ((tenant, new_id()), (new_id(), inviter)):
        with pytest.raises(BadValue):
            await invite(directory, clock, place, who)
