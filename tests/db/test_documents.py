"""The registry's rows: one document a text, granted to some, and never by its own word."""

import hashlib
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from db.directory import Directory
from db.documents import Draft, Grantee, Terms
from db.errors import BadValue
from tests.support.clock import HandClock

OWNER = "shop@docs.example"


def draft(text: str | None = None) -> Draft:
    """A document of a text, by default of one that no other test has."""
    text = text or f"query Q{uuid4().hex} {{ viewer {{ id }} }}"
    return Draft(hashlib.sha256(text.encode()).hexdigest(), text, ["query Q"], ["Query.viewer", "Viewer.id"])


@pytest.fixture
async def tenant(directory: Directory) -> str:
    return await directory.create_tenant(f"t-{uuid4().hex[:12]}", "Docs", {})


async def test_documents_are_published_together_and_known_by_their_ids(directory: Directory, tenant: str) -> None:
    one, other = draft(), draft()
    terms = Terms(OWNER, "partner", [Grantee(tenant), Grantee(tenant, "tgk_x")])
    assert await directory.documents.publish([one, other], terms) == {one.id: True, other.id: True}
    found = await directory.documents.find([one.id, "0" * 64])
    assert found.keys() == {one.id}
    row = found[one.id]
    assert (row["text"], row["owner"], row["role"], row["everybody"]) == (one.text, OWNER, "partner", False)
    assert (row["tenants"], row["keys"], row["trusts"]) == ([tenant, tenant], ["", "tgk_x"], [True, True])


async def test_publishing_again_adds_grants_and_brings_back_what_was_retired(directory: Directory, tenant: str) -> None:
    one = draft()
    await directory.documents.publish([one], Terms(OWNER, None, [Grantee(tenant, "tgk_a")]))
    assert await directory.documents.retire([one.id]) == [one.id]
    assert await directory.documents.retire([one.id]) == []
    assert (await directory.documents.find([one.id]))[one.id]["retired_at"] is not None
    again = await directory.documents.publish([one], Terms("others", None, [Grantee(tenant, "tgk_b")]))
    row = (await directory.documents.find([one.id]))[one.id]
    assert again == {one.id: False}
    assert (row["owner"], row["retired_at"], row["keys"]) == ("others", None, ["tgk_a", "tgk_b"])


async def test_a_grant_is_taken_back_alone(directory: Directory, tenant: str) -> None:
    one = draft()
    await directory.documents.publish([one], Terms(OWNER, None, [Grantee(tenant), Grantee(tenant, "tgk_a")]))
    assert await directory.documents.revoke([one.id], Grantee(tenant)) == [one.id]
    assert await directory.documents.revoke([one.id], Grantee(tenant)) == []
    assert (await directory.documents.find([one.id]))[one.id]["keys"] == ["tgk_a"]


async def test_the_database_takes_no_text_under_another_id(directory: Directory) -> None:
    one, other = draft(), draft()
    forged = Draft(one.id, other.text, ["query Q"], [])
    with pytest.raises(BadValue):
        await directory.documents.publish([draft(), forged], Terms(OWNER))
    assert await directory.documents.find([one.id, other.id]) == {}


async def test_an_unknown_tenant_gets_no_grant_and_nothing_is_published(directory: Directory) -> None:
    one = draft()
    with pytest.raises(BadValue):
        await directory.documents.publish([one], Terms(OWNER, None, [Grantee(uuid4().hex)]))
    assert await directory.documents.find([one.id]) == {}


async def test_the_list_tells_grants_as_people_write_them(directory: Directory, clock: HandClock, tenant: str) -> None:
    one = draft()
    ends = clock() + timedelta(days=1)
    await directory.documents.publish([one], Terms(OWNER, None, [Grantee(tenant, "tgk_a")], ends))
    (row,) = await directory.documents.all(one.id[:20])
    slug = row["grants"][0].split("/")[0]
    assert row["grants"] == [f"{slug}/tgk_a"]
    assert (row["sunset_at"], row["count"], row["durations"]) == (ends, 0, None)


async def test_a_change_of_a_document_or_a_grant_is_told(
    directory: Directory, superuser: asyncpg.Connection, tenant: str
) -> None:
    told: list[str] = []
    await superuser.add_listener("tidegate_documents", lambda *said: told.append(str(said[-1])))
    one = draft()
    await directory.documents.publish([one], Terms(OWNER, None, [Grantee(tenant)]))
    await superuser.fetchval("SELECT 1")
    assert one.id in told
    told.clear()
    await directory.documents.revoke([one.id], Grantee(tenant))
    await superuser.fetchval("SELECT 1")
    assert told == [one.id]


async def test_a_tenant_registers_so_many_and_unused_ones_make_room(
    directory: Directory, clock: HandClock, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.documents.MOST_REGISTERED", 2)
    first, second, third = (draft() for _ in range(3))
    assert await directory.documents.register(first, tenant)
    assert not await directory.documents.register(first, tenant)
    assert await directory.documents.register(second, tenant)
    assert not await directory.documents.register(third, tenant)
    assert third.id not in await directory.documents.find([third.id])
    clock.advance(days=31)
    assert await directory.documents.register(third, tenant)
    row = (await directory.documents.find([third.id]))[third.id]
    assert (row["published_at"], row["everybody"], row["trusts"]) == (None, False, [False])
