"""Many callers asked about at once stand where each would stand alone."""

from uuid import uuid4

import asyncpg

from db.directory import Directory
from db.ids import new_id
from tests.db.test_directory import ROLES, new_member, new_session, new_slug
from tests.support.clock import HandClock


async def test_many_bearers_stand_where_each_stands_alone(directory: Directory) -> None:
    asked: list[tuple[str, str, str | None]] = []
    for _ in range(5):
        user, tenant = await new_member(directory, "admin")
        slug = new_slug()
        other = await directory.create_tenant(slug, "Other", ROLES)
        await directory.put_membership(other, user, "viewer")
        asked += [(user, tenant, None), (user, tenant, slug), (user, tenant, "atlantis"), (user, new_id(), None)]
    asked.append((new_id(), asked[0][1], None))
    found = await directory.callers_by_token(asked)
    for place, (user, tenant, chosen) in enumerate(asked):
        alone = await directory.membership(user, tenant_id=tenant, tenant_slug=chosen)
        together = found.get(place)
        assert (together is None) == (alone is None)
        if alone is not None and together is not None:
            assert dict(alone.items()) == {name: value for name, value in together.items() if name != "n"}


async def test_many_sessions_stand_where_each_stands_alone(directory: Directory, clock: HandClock) -> None:
    hashes = [(await new_session(directory, clock))[0] for _ in range(3)]
    asked = [(id_hash, slug) for id_hash in (*hashes, uuid4().bytes * 2) for slug in (None, "atlantis")]
    found = await directory.sessions.callers(asked)
    for place, (id_hash, slug) in enumerate(asked):
        alone = await directory.sessions.find(id_hash, slug)
        together = found.get(place)
        assert (together is None) == (alone is None)
        if alone is not None and together is not None:
            assert dict(alone.items()) == {name: value for name, value in together.items() if name != "n"}


async def test_changes_of_rights_are_numbered_and_nothing_else_is(
    directory: Directory, superuser: asyncpg.Connection, clock: HandClock
) -> None:
    id_hash, user = await new_session(directory, clock)
    before = await directory.identity_number()
    clock.advance(hours=1)
    await directory.sessions.touch({id_hash: clock()}, clock() - clock())
    await new_session(directory, clock)
    assert await directory.identity_number() == before
    await directory.sessions.revoke(id_hash)
    assert await directory.identity_number() == before + 1
    await superuser.execute("DELETE FROM users WHERE id = $1::text::uuid", user)
    assert await directory.identity_number() > before + 1
