"""A person's own sessions: seen, ended, and taken to another tenant."""

import pytest

from auth.authenticate import Credentials, tenant_of_operator
from auth.errors import BadSession, Forbidden
from auth.key_desk import NewKey, create_key
from auth.principal import Principal
from auth.session_desk import (
    OwnSession,
    list_sessions,
    revoke_other_sessions,
    revoke_session,
    rotate_session,
    switch_tenant,
)
from auth.sessions import USUAL, Rotation, Visitor
from tests.support.people import People


async def listed(people: People, principal: Principal) -> list[OwnSession]:
    return await list_sessions(people.directory, principal, USUAL, people.clock)


async def by_key(people: People, email: str) -> Principal:
    maker = await people.by_token(await people.token(email))
    new = NewKey("a key", ("orders:read",))
    made = await create_key(
        people.directory, maker.tenant.hex, maker.user_id, maker.permissions, new, clock=people.clock
    )
    principal = await people.authenticator.authenticate(Credentials(made.text, None, None))
    assert principal is not None
    return principal


async def test_ones_sessions_are_listed_with_device_address_and_times(people: People) -> None:
    email = await people.user(await people.tenant())
    old = await people.sign_in(email)
    began = people.clock()
    people.clock.advance(hours=1)
    visitor = Visitor("Mozilla/5.0 (X11; Linux) Gecko/1 Firefox/140.0", "203.0.113.90")
    new = await people.sign_in(email, visitor=visitor)
    principal = await people.by_session(new.secret)
    here, there = await listed(people, principal)
    assert (here.device, here.address, here.current) == ("Firefox on Linux", "203.0.113.90", True)
    assert (here.created_at, here.last_seen_at, here.expires_at) == (people.clock(),) * 2 + (new.expires_at,)
    assert (there.device, there.address, there.current) == ("An unknown device", None, False)
    assert (there.created_at, there.expires_at) == (began, old.expires_at)
    told = f"{here}{there}"
    assert new.secret not in told
    assert str(principal.session_key) not in told
    assert await listed(people, await people.by_session(new.secret)) == [here, there]


async def test_nobody_elses_sessions_are_seen_or_ended(people: People) -> None:
    slug = await people.tenant()
    mine = await people.by_session((await people.sign_in(await people.user(slug, role="admin"))).secret)
    theirs = await people.sign_in(await people.user(slug))
    other = await people.by_session(theirs.secret)
    assert [each.id for each in await listed(people, mine)] == [mine.session_id]
    assert other.session_id is not None
    assert await revoke_session(people.directory, mine, USUAL, other.session_id) is None
    assert await revoke_other_sessions(people.directory, mine) == 0
    await people.by_session(theirs.secret)


async def test_a_session_that_is_ended_is_dead_and_told_as_it_was(people: People) -> None:
    email = await people.user(await people.tenant())
    kept, gone = await people.sign_in(email), await people.sign_in(email)
    me, it = await people.by_session(kept.secret), await people.by_session(gone.secret)
    assert it.session_id is not None
    told = await revoke_session(people.directory, me, USUAL, it.session_id)
    assert told is not None
    assert (told.id, told.current) == (it.session_id, False)
    with pytest.raises(BadSession):
        await people.by_session(gone.secret)
    assert await revoke_session(people.directory, me, USUAL, it.session_id) is None
    await people.by_session(kept.secret)


async def test_all_others_end_and_the_one_that_asks_goes_on(people: People) -> None:
    email = await people.user(await people.tenant())
    first, *others = [await people.sign_in(email) for _ in range(4)]
    assert await revoke_other_sessions(people.directory, await people.by_session(first.secret)) == 3
    await people.by_session(first.secret)
    for other in others:
        with pytest.raises(BadSession):
            await people.by_session(other.secret)


async def test_by_a_token_all_sessions_end(people: People) -> None:
    email = await people.user(await people.tenant())
    session = await people.sign_in(email)
    assert await revoke_other_sessions(people.directory, await people.by_token(await people.token(email))) == 1
    with pytest.raises(BadSession):
        await people.by_session(session.secret)


async def test_an_api_key_sees_and_ends_no_sessions_of_its_maker(people: People) -> None:
    email = await people.user(await people.tenant())
    session = await people.sign_in(email)
    key = await by_key(people, email)
    mine = await people.by_session(session.secret)
    assert mine.session_id is not None
    assert await listed(people, key) == []
    with pytest.raises(Forbidden):
        await revoke_session(people.directory, key, USUAL, mine.session_id)
    with pytest.raises(Forbidden):
        await revoke_other_sessions(people.directory, key)
    await people.by_session(session.secret)


async def test_a_rotated_session_has_a_new_secret_and_the_old_one_is_dead(people: People) -> None:
    signed_in = await people.sign_in(await people.user(await people.tenant()))
    before = await people.by_session(signed_in.secret)
    secret = await rotate_session(people.directory, before, Rotation.PRIVILEGE)
    with pytest.raises(BadSession):
        await people.by_session(signed_in.secret)
    after = await people.by_session(secret)
    assert (after.session_id, after.expires_at) == (before.session_id, before.expires_at)
    assert after.session_key != before.session_key
    with pytest.raises(BadSession) as refused:
        await rotate_session(people.directory, before, Rotation.PRIVILEGE)
    assert refused.value.reason == "rotated meanwhile"
    await people.by_session(secret)


async def test_a_session_goes_to_another_of_ones_own_tenants(people: People) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    signed_in = await people.sign_in(await people.user(first, second))
    principal = await people.by_session(signed_in.secret)
    secret, membership = await switch_tenant(people.directory, principal, second)
    assert membership["slug"] == second
    assert (await people.by_session(secret)).tenant_slug == second
    with pytest.raises(BadSession):
        await people.by_session(signed_in.secret)


async def test_a_foreign_and_an_unknown_tenant_are_no_way_to_go(people: People) -> None:
    own, foreign = await people.tenant(), await people.tenant()
    signed_in = await people.sign_in(await people.user(own, role="admin"))
    principal = await people.by_session(signed_in.secret)
    for slug in (foreign, "atlantis", "", own.upper(), "x\x00y", "x" * 10_000):
        with pytest.raises(Forbidden) as refused:
            await switch_tenant(people.directory, principal, slug)
        assert refused.value.message == "You belong to no tenant of that name."
    assert (await people.by_session(signed_in.secret)).tenant_slug == own


@pytest.mark.parametrize("by", ["token", "key"])
async def test_who_has_no_session_has_none_to_change(people: People, by: str) -> None:
    email = await people.user(await people.tenant())
    principal = (await people.by_token(await people.token(email))) if by == "token" else (await by_key(people, email))
    with pytest.raises(Forbidden):
        await rotate_session(people.directory, principal, Rotation.PRIVILEGE)
    with pytest.raises(Forbidden):
        await switch_tenant(people.directory, principal, principal.tenant_slug)


async def test_a_session_does_not_go_where_it_could_not_come_back_from(people: People) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    signed_in = await people.sign_in(await people.user(first, second))
    principal = await people.by_session(signed_in.secret)
    tenant = await tenant_of_operator(people.directory, second)
    await people.directory.address_lists.put(tenant.hex, "*", ["203.0.113.0/24"])
    for address in ("198.51.100.1", None):
        with pytest.raises(Forbidden):
            await switch_tenant(people.directory, principal, second, address)
    assert (await people.by_session(signed_in.secret)).tenant_slug == first
    _, membership = await switch_tenant(people.directory, principal, second, "203.0.113.9")
    assert membership["slug"] == second


async def test_signing_in_leads_to_a_tenant_that_may_be_used_from_there(people: People) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    email = await people.user(first, second)
    tenant = await tenant_of_operator(people.directory, first)
    await people.directory.address_lists.put(tenant.hex, "*", ["203.0.113.0/24"])
    assert (await people.sign_in(email, visitor=Visitor(address="203.0.113.9"))).tenant["slug"] == first
    assert (await people.sign_in(email, visitor=Visitor(address="198.51.100.1"))).tenant["slug"] == second
