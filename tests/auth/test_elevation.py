"""Elevation: what a session may be elevated to, how that counts, and how it ends."""

from datetime import timedelta

import pytest

from auth.authenticate import Credentials
from auth.elevation import LONGEST_REASON, MOST_SCOPES, Wanted, elevate, elevation_faults, end_elevation
from auth.errors import BadSession, Forbidden
from auth.granting import may_give, may_let_elevate
from auth.operators import add_member
from auth.permissions import BY_ELEVATION, SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from auth.rights import Rights
from auth.session_desk import switch_space, switch_tenant
from auth.spaces import Space
from auth.watched import Lost
from db.audit_records import Actor
from db.ids import public_id
from tests.support.followed import follow, rights_on
from tests.support.people import People

PII = "customers:pii"
WANTED = Wanted((PII,), "A customer has written in", 15)


async def raised(people: People, secret: str, wanted: Wanted = WANTED) -> str:
    """The session's new secret."""
    principal = await people.by_session(secret)
    actor = Actor(principal.user_id, "req-test")
    new, _ = await elevate(people.directory, principal, wanted, actor, people.clock())
    return new


async def supporter(people: People, *tenants: str) -> str:
    """The secret of a session of somebody with the role support."""
    email = await people.user(*(tenants or (await people.tenant(),)), role="support")
    return (await people.sign_in(email)).secret


async def ended(people: People, principal: Principal) -> bool:
    actor = Actor(principal.user_id, "req-test")
    return await end_elevation(people.directory, principal, actor, people.clock()) is not None


async def test_an_elevated_session_may_do_more_under_a_new_secret(people: People) -> None:
    old = await supporter(people)
    before = await people.by_session(old)
    now = await people.by_session(await raised(people, old))
    assert not before.permissions.allows(PII)
    assert now.permissions.allows(PII)
    assert now.permissions.allows("orders:read")
    assert now.permissions_version != before.permissions_version
    assert now.elevation is not None
    assert (now.elevation.grants, now.elevation.until) == (frozenset({PII}), people.clock() + timedelta(minutes=15))
    assert (now.session_id, now.lasting) == (before.session_id, before.permissions)
    with pytest.raises(BadSession):
        await people.by_session(old)


async def test_it_ends_by_itself_to_the_second(people: People) -> None:
    secret = await raised(people, await supporter(people))
    people.clock.advance(minutes=15, seconds=-1)
    assert (await people.by_session(secret)).permissions.allows(PII)
    people.clock.advance(seconds=1)
    after = await people.by_session(secret)
    assert not after.permissions.allows(PII)
    assert after.elevation is None


async def test_it_ends_by_hand_once_and_on_record(people: People) -> None:
    secret = await raised(people, await supporter(people))
    principal = await people.by_session(secret)
    assert await ended(people, principal)
    assert not await ended(people, principal)
    after = await people.by_session(secret)
    assert not after.permissions.allows(PII)
    assert not await ended(people, after)
    rows = await people.run(
        "SELECT action, outcome, elevation_id IS NOT NULL AS known, entity_id, changes::text FROM audit_log "
        "WHERE actor_id = $1 AND entity = 'session' ORDER BY created_at, id",
        principal.user_id,
    )
    assert [tuple(row)[:3] for row in rows] == [
        ("signIn", "ALLOWED", False),
        ("elevate", "ALLOWED", True),
        ("endElevation", "ALLOWED", False),
    ]
    assert {row["entity_id"] for row in rows} == {public_id("ses", principal.session_id or "")}
    assert "A customer has written in" in rows[1]["changes"]


async def test_a_second_elevation_takes_the_place_of_the_first(people: People) -> None:
    first = await raised(people, await supporter(people))
    second = await raised(people, first, Wanted(("users:impersonate",), "To see what they see", 5))
    principal = await people.by_session(second)
    assert not principal.permissions.allows(PII)
    assert principal.permissions.allows("users:impersonate")
    assert principal.lasting.grants == frozenset(SYSTEM_ROLES["support"])


async def test_of_two_at_once_one_finds_the_session_changed(people: People) -> None:
    principal = await people.by_session(await supporter(people))
    actor = Actor(principal.user_id, "req-test")
    await elevate(people.directory, principal, WANTED, actor, people.clock())
    with pytest.raises(BadSession):
        await elevate(people.directory, principal, WANTED, actor, people.clock())
    rows = await people.run("SELECT 1 FROM audit_log WHERE actor_id = $1 AND action = 'elevate'", principal.user_id)
    assert len(rows) == 1


async def test_it_counts_in_the_tenant_where_it_was_asked_for_and_nowhere_else(people: People) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    secret = await raised(people, await supporter(people, first, second))
    assert (await people.by_session(secret, first)).elevation is not None
    assert (await people.by_session(secret, second)).elevation is None
    moved, _ = await switch_tenant(people.directory, await people.by_session(secret), second)
    back, _ = await switch_tenant(people.directory, await people.by_session(moved), first)
    assert (await people.by_session(back)).elevation is None


async def test_in_another_space_it_counts_as_its_permissions_do(people: People) -> None:
    secret = await raised(people, await supporter(people))
    there = await switch_space(people.directory, await people.by_session(secret), Space.ACCOUNTING)
    assert (await people.by_session(there)).permissions.allows(PII)
    there = await switch_space(people.directory, await people.by_session(there), Space.CLIENT)
    assert not (await people.by_session(there)).permissions.allows(PII)


async def test_who_has_another_role_by_now_is_not_elevated_any_more(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="support")
    secret = await raised(people, (await people.sign_in(email)).secret)
    await add_member(people.directory, email, slug, "viewer")
    assert (await people.by_session(secret)).elevation is None


async def test_a_token_of_the_same_person_has_nothing_of_it(people: People) -> None:
    email = await people.user(await people.tenant(), role="support")
    await raised(people, (await people.sign_in(email)).secret)
    by_token = await people.by_token(await people.token(email))
    assert by_token.elevation is None
    with pytest.raises(Forbidden):
        await end_elevation(people.directory, by_token, Actor(by_token.user_id, None), people.clock())


async def test_nothing_of_it_can_be_handed_on(people: People) -> None:
    principal = await people.by_session(await raised(people, await supporter(people)))
    assert not may_give(principal, [PII], "ALL")
    assert may_give(principal, ["customers:masked"], "ALL")
    assert may_let_elevate(principal, [PII, "orders:read"])
    assert not may_let_elevate(principal, ["admin:roles"])


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        (Wanted((), "why", 15), ["REQUIRED"]),
        (Wanted((PII,) * (MOST_SCOPES + 1), "why", 15), ["TOO_MANY"]),
        (Wanted(("customers:pie",), "why", 15), ["INVALID"]),
        (Wanted(("",), "why", 15), ["INVALID"]),
        (Wanted(("admin:roles",), "why", 15), ["BEYOND_YOURS"]),
        (Wanted(("customers:*",), "why", 15), ["BEYOND_YOURS"]),
        (Wanted(("*",), "why", 15), ["BEYOND_YOURS"]),
        (Wanted((PII, "orders:write"), "why", 15), ["BEYOND_YOURS"]),
        (Wanted((PII,), "  ", 15), ["REQUIRED"]),
        (Wanted((PII,), "x" * (LONGEST_REASON + 1), 15), ["TOO_LONG"]),
        (Wanted((PII,), "two\nlines", 15), ["INVALID"]),
        (Wanted((PII,), "nul\x00", 15), ["INVALID"]),
        (Wanted((PII,), "why", 0), ["OUT_OF_RANGE"]),
        (Wanted((PII,), "why", 61), ["OUT_OF_RANGE"]),
        (Wanted((), "", -(2**31)), ["REQUIRED", "REQUIRED", "OUT_OF_RANGE"]),
        (WANTED, []),
    ],
)
async def test_what_cannot_be_asked_for_is_told(people: People, wanted: Wanted, codes: list[str]) -> None:
    principal = await people.by_session(await supporter(people))
    assert [code for code, _, _ in elevation_faults(principal, wanted)] == codes


def test_no_role_grants_for_good_what_is_for_a_time_only() -> None:
    assert not any(PermissionSet.of(grants).covers(each) for grants in SYSTEM_ROLES.values() for each in BY_ELEVATION)


async def test_streams_of_the_old_secret_end_and_those_of_the_new_one_follow(people: People) -> None:
    async with rights_on(people) as rights:
        secret = await supporter(people)
        old, _ = await follow(rights, Credentials(None, secret, None))
        new = await raised(people, secret)
        assert await old.next() is Lost.SESSION_ROTATED
        stream, watch = await follow(rights, Credentials(None, new, None))
        assert watch.principal.permissions.allows(PII)
        await ended(people, await people.by_session(new))
        now = await stream.next()
        assert isinstance(now, Principal)
        assert not now.permissions.allows(PII)


@pytest.mark.parametrize("heard", [True, False])
async def test_streams_lose_it_when_its_time_is_over(people: People, heard: bool) -> None:
    """Whether or not the caller was judged since its stream opened."""
    async with rights_on(people) as rights:
        credentials = Credentials(None, await raised(people, await supporter(people)), None)
        stream, watch = await follow(rights, credentials)
        if heard:
            await judged(rights, people)
        assert watch.ends_at == people.clock() + timedelta(minutes=15)
        people.clock.advance(minutes=15)
        now = await stream.next()
        assert isinstance(now, Principal)
        assert now.elevation is None
        assert (await rights.authenticator.authenticate(credentials)) == now
        assert watch.ends_at > people.clock()


async def judged(rights: Rights, people: People) -> None:
    rights.miss()
    await rights.caught_up(await people.directory.identity_number())
