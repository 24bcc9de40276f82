"""A tenant's roles as the directory keeps them: its own alone, and system roles as they are."""

from typing import Any

import pytest

from db.directory import Directory
from db.errors import BadValue, Duplicate
from tests.db.test_members import join, new_tenant

SAID: dict[str, Any] = {
    "elevatable": ["customers:pii"],
    "permissions": ["orders:read"],
    "scope": "OWN",
    "description": "Sells",
}


async def test_a_role_is_made_changed_and_removed_within_its_tenant_alone(directory: Directory) -> None:
    mine, theirs = [await new_tenant(directory) for _ in range(2)]
    assert await directory.roles.create(mine, "seller", **SAID)
    row = (await directory.roles.by_name(mine, ["seller"]))["seller"]
    assert (row["permissions"], row["scope"], row["system"], row["version"]) == (["orders:read"], "OWN", False, 1)
    assert await directory.roles.by_name(theirs, ["seller"]) == {}
    assert "seller" not in {each["name"] for each in await directory.roles.of_tenant(theirs)}
    assert not await directory.roles.update(theirs, "seller", 1, **SAID)
    assert not await directory.roles.delete(theirs, "seller")
    assert await directory.roles.update(mine, "seller", 1, **{**SAID, "scope": "ALL"})
    assert not await directory.roles.update(mine, "seller", 1, **SAID)
    assert await directory.roles.delete(mine, "seller")


async def test_a_name_is_taken_once(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    for name in ("seller", "admin"):
        if name == "seller":
            await directory.roles.create(tenant, name, **SAID)
        with pytest.raises(Duplicate):
            await directory.roles.create(tenant, name, **SAID)


async def test_system_roles_stay(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    before = await directory.roles.of_tenant(tenant)
    assert not await directory.roles.update(tenant, "viewer", 1, **SAID)
    assert not await directory.roles.delete(tenant, "viewer")
    assert await directory.roles.of_tenant(tenant) == before


async def test_a_role_that_somebody_has_is_not_removed(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    await directory.roles.create(tenant, "seller", **SAID)
    user = await join(directory, tenant, "viewer")
    await directory.members.give(tenant, user, "seller", 1)
    with pytest.raises(BadValue):
        await directory.roles.delete(tenant, "seller")
    counted = {row["name"]: row["members"] for row in await directory.roles.of_tenant(tenant)}
    assert (counted["seller"], counted["viewer"], counted["admin"]) == (1, 1, 0)
