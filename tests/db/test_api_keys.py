"""API keys as the directory keeps them: those of one tenant alone, and a rotation as a whole or not at all."""

from datetime import timedelta
from typing import Any

import pytest

from db.clock import utc_now
from db.directory import Directory
from db.ids import new_id
from db.pages import PageRequest, SortKey
from tests.db.test_members import join, new_tenant

BY_TIME = PageRequest((SortKey("created_at", descending=True),), 100)


async def made(directory: Directory, tenant: str, days: int = 1) -> str:
    name = f"tgk_{new_id()[-12:]}"
    said: dict[str, Any] = {"maker_id": await join(directory, tenant), "label": "Depot", "permissions": ["orders:read"]}
    ends = utc_now() + timedelta(days=days)
    more: dict[str, Any] = {"networks": [], "space": "PROVIDER", "documents": "AD_HOC", "secret_hash": b"hash"}
    more["expires_at"] = ends
    assert await directory.api_keys.create(tenant, name, **said, **more)
    return name


async def rotated(directory: Directory, tenant: str, name: str, new_name: str) -> bool:
    fresh: dict[str, Any] = {"secret_hash": b"new", "maker_id": await join(directory, tenant)}
    ends = utc_now() + timedelta(hours=1)
    return await directory.api_keys.rotate(tenant, name, ends, new_name=new_name, expires_at=ends, **fresh)


async def names(directory: Directory, tenant: str) -> set[str]:
    page = await directory.api_keys.page(tenant, BY_TIME)
    assert (await directory.api_keys.count(tenant, BY_TIME)) == (len(page.rows), False)
    assert not any("secret_hash" in row.keys() for row in page.rows)  # noqa: SIM118  a record's names, not its values
    return {row["name"] for row in page.rows}


async def test_nothing_is_seen_of_the_key_of_another_tenant_and_nothing_done_to_it(directory: Directory) -> None:
    mine, theirs = [await new_tenant(directory) for _ in range(2)]
    own, foreign = await made(directory, mine), await made(directory, theirs)
    before = await directory.api_keys.by_name(theirs, foreign)
    assert await names(directory, mine) == {own}
    assert await directory.api_keys.by_name(mine, foreign) is None
    assert not await directory.api_keys.revoke(mine, foreign)
    assert not await rotated(directory, mine, foreign, "tgk_1")
    assert await directory.api_keys.by_name(theirs, foreign) == before
    assert await names(directory, mine) == {own}


@pytest.mark.parametrize("ended", ["revoked", "expired"])
async def test_a_key_that_ended_has_no_successor(directory: Directory, ended: str) -> None:
    tenant = await new_tenant(directory)
    name = await made(directory, tenant, days=1 if ended == "revoked" else -1)
    if ended == "revoked":
        await directory.api_keys.revoke(tenant, name)
    before = await directory.api_keys.by_name(tenant, name)
    assert not await rotated(directory, tenant, name, f"tgk_{new_id()[-12:]}")
    assert await directory.api_keys.by_name(tenant, name) == before
    assert await names(directory, tenant) == {name}


async def test_a_rotation_never_puts_an_end_off(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    name, second, third = await made(directory, tenant), *(f"tgk_{new_id()[-12:]}" for _ in range(2))
    for fresh in (second, third):
        assert await rotated(directory, tenant, name, fresh)
        row = await directory.api_keys.by_name(tenant, name)
        assert row is not None
        assert row["expires_at"] <= utc_now() + timedelta(hours=1)
    assert await names(directory, tenant) == {name, second, third}
