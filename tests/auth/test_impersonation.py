"""Impersonation: as whom somebody may act, what remains of both their rights, and how it ends."""

from dataclasses import dataclass

import pytest

from auth.authenticate import Credentials
from auth.elevation import Wanted, elevate, end_elevation
from auth.errors import BadSession, Forbidden
from auth.impersonation import end_impersonation, has_more, impersonate, is_able, justification_faults
from auth.operators import add_member
from auth.permissions import MASKED_BY, PERMISSIONS, SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from auth.session_desk import list_sessions
from auth.sessions import USUAL
from auth.watched import Lost
from db.audit_records import Actor
from db.directory import Row
from tests.support.followed import follow, rights_on
from tests.support.people import People

WANTED = Wanted(("users:impersonate",), "To see what they see", 15)


@dataclass(frozen=True, slots=True)
class Stage:
    """Somebody who is elevated to it, and a member to act as."""

    people: People
    slug: str
    secret: str
    email: str
    member: str

    async def person(self) -> Principal:
        return await self.people.by_session(self.secret)

    async def row(self, email: str | None = None) -> Row:
        """The member as the directory has it."""
        tenant = (await self.person()).tenant.hex
        user_id = await self.people.id_of(email or self.member)
        return (await self.people.directory.callers_by_token([(user_id, tenant, None)]))[0]

    async def act(self) -> str:
        """The secret of the session that acts as the member."""
        person = await self.person()
        actor, now = Actor(person.user_id, "req-test"), self.people.clock()
        secret, _ = await impersonate(self.people.directory, person, await self.row(), "They asked", actor, now)
        return secret


async def staged(people: People, role: str = "admin", member: str = "manager") -> Stage:
    slug = await people.tenant()
    email, other = await people.user(slug, role=role), await people.user(slug, role=member)
    person = await people.by_session((await people.sign_in(email)).secret)
    actor = Actor(person.user_id, "req-test")
    secret, _ = await elevate(people.directory, person, WANTED, actor, people.clock())
    return Stage(people, slug, secret, email, other)


async def test_the_session_is_the_members_and_its_person_is_not_forgotten(people: People) -> None:
    stage = await staged(people)
    before = await stage.person()
    now = await people.by_session(await stage.act())
    assert (now.email, now.roles, now.tenant) == (stage.member, ("manager",), before.tenant)
    assert now.acting_for is not None
    assert (now.person.user_id, now.person.email) == (before.user_id, stage.email)
    assert (now.session_id, now.elevation) == (before.session_id, before.elevation)
    assert now.permissions_version != before.permissions_version
    with pytest.raises(BadSession):
        await stage.person()


async def test_what_is_sensitive_is_masked_and_what_administers_is_out_of_reach(people: People) -> None:
    now = await people.by_session(await (await staged(people)).act())
    assert now.permissions.grants == {
        "orders:read",
        "orders:write",
        "customers:read",
        "customers:masked",
        "products:read",
    }
    assert now.permissions.acting
    both_admins = await people.by_session(await (await staged(people, member="admin")).act())
    allowed = {name for name in PERMISSIONS if both_admins.permissions.allows(name)}
    assert not any(name.startswith("admin:") for name in allowed)
    assert not allowed & {*MASKED_BY, "users:impersonate"}
    assert {"orders:write", "customers:masked", "export:run"} <= allowed
    assert both_admins.elevatable == frozenset()
    assert both_admins.lasting == both_admins.permissions


async def test_its_own_members_sessions_are_not_to_be_seen(people: People) -> None:
    stage = await staged(people)
    await people.sign_in(stage.member)
    now = await people.by_session(await stage.act())
    assert await list_sessions(people.directory, now, USUAL, people.clock) == []


async def test_it_ends_with_the_elevation_to_the_second(people: People) -> None:
    stage = await staged(people)
    secret = await stage.act()
    people.clock.advance(minutes=15, seconds=-1)
    assert (await people.by_session(secret)).email == stage.member
    people.clock.advance(seconds=1)
    after = await people.by_session(secret)
    assert (after.email, after.acting_for, after.permissions.acting) == (stage.email, None, False)


async def test_it_ends_by_hand_under_a_new_secret_and_the_elevation_goes_on(people: People) -> None:
    stage = await staged(people)
    acting = await people.by_session(await stage.act())
    actor = Actor(acting.person.user_id, "req-test", acting_as_id=acting.user_id)
    secret = await end_impersonation(people.directory, acting, actor, people.clock())
    after = await people.by_session(secret)
    assert (after.email, after.acting_for) == (stage.email, None)
    assert after.elevation is not None
    rows = await people.run(
        "SELECT action, entity, replace(entity_id, 'usr_', '') = $2 AS theirs, changes::text FROM audit_log "
        "WHERE actor_id = $1 AND entity = 'member' ORDER BY created_at, id",
        after.user_id,
        acting.user_id,
    )
    assert [tuple(row)[:3] for row in rows] == [("impersonate", "member", True), ("endImpersonation", "member", True)]
    assert "They asked" in rows[0]["changes"]


async def test_a_later_elevation_brings_none_back(people: People) -> None:
    stage = await staged(people)
    secret = await stage.act()
    people.clock.advance(minutes=15)
    person = await people.by_session(secret)
    actor = Actor(person.user_id, "req-test")
    again, _ = await elevate(people.directory, person, WANTED, actor, people.clock())
    assert (await people.by_session(again)).email == stage.email


async def test_without_an_elevation_to_it_nobody_acts(people: People) -> None:
    stage = await staged(people)
    person, actor = await stage.person(), Actor(None, None)
    await end_elevation(people.directory, person, actor, people.clock())
    plain = await stage.person()
    with pytest.raises(Forbidden):
        await impersonate(people.directory, plain, await stage.row(), "They asked", actor, people.clock())
    await people.run(
        "UPDATE sessions SET acting_as_id = $1 WHERE id = $2", (await stage.row())["user_id"], plain.session_id
    )
    assert (await stage.person()).email == stage.email


@pytest.mark.parametrize("role", SYSTEM_ROLES)
async def test_nobody_acts_as_somebody_who_may_do_more(people: People, role: str) -> None:
    stage = await staged(people, "support", role)
    held, own = PermissionSet.of(SYSTEM_ROLES[role]), PermissionSet.of(SYSTEM_ROLES["support"])
    more = any(held.allows(name) and not own.allows(name) for name in PERMISSIONS)
    assert has_more(await stage.person(), await stage.row()) is more
    assert more is (role in {"admin", "manager"})


async def test_who_sees_some_rows_only_acts_as_nobody(people: People) -> None:
    stage = await staged(people, member="viewer")
    await people.run(
        "UPDATE roles SET scope = 'ASSIGNED' WHERE name = 'admin' AND tenant_id = $1", await tenant_of(stage)
    )
    assert has_more(await stage.person(), await stage.row())


async def test_it_ends_when_the_person_sees_some_rows_only(people: People) -> None:
    stage = await staged(people, member="viewer")
    tenant, secret = await tenant_of(stage), await stage.act()
    await people.run("UPDATE roles SET scope = 'OWN' WHERE name = 'admin' AND tenant_id = $1", tenant)
    assert (await people.by_session(secret)).email == stage.email


async def test_what_the_member_gains_later_does_not_count_and_what_either_loses_is_gone(people: People) -> None:
    stage = await staged(people, "support", "viewer")
    tenant, secret = await tenant_of(stage), await stage.act()
    before = await people.by_session(secret)
    await add_member(people.directory, stage.member, stage.slug, "admin")
    promoted = await people.by_session(secret)
    assert promoted.email == stage.member
    assert not promoted.permissions.allows("orders:write")
    assert promoted.permissions_version != before.permissions_version
    sql = "UPDATE roles SET permissions = '{products:read}' WHERE name = 'support' AND tenant_id = $1"
    await people.run(sql, tenant)
    assert (await people.by_session(secret)).permissions.grants == {"products:read"}


ENDS = {
    "disabled here": "UPDATE memberships SET disabled_at = now() WHERE user_id = $1",
    "disabled everywhere": "UPDATE users SET disabled_at = now() WHERE id = $1",
    "removed": "DELETE FROM memberships WHERE user_id = $1",
    "gone": "DELETE FROM users WHERE id = $1",
}


@pytest.mark.parametrize("name", ENDS)
async def test_it_ends_when_the_member_cannot_act_any_more(people: People, name: str) -> None:
    stage = await staged(people)
    row = await stage.row()
    assert is_able(row)
    secret = await stage.act()
    await people.run(ENDS[name], row["user_id"])
    after = await people.by_session(secret)
    assert (after.email, after.acting_for) == (stage.email, None)


async def test_it_ends_with_the_persons_own_session(people: People) -> None:
    stage = await staged(people)
    secret = await stage.act()
    await people.run("UPDATE users SET disabled_at = now() WHERE email = $1", stage.email)
    with pytest.raises(BadSession):
        await people.by_session(secret)


async def test_streams_come_back_as_the_member_and_again_when_it_is_over(people: People) -> None:
    async with rights_on(people) as rights:
        stage = await staged(people)
        own, _ = await follow(rights, Credentials(None, stage.secret, None))
        secret = await stage.act()
        assert await own.next() is Lost.SESSION_ROTATED
        stream, watch = await follow(rights, Credentials(None, secret, None))
        assert watch.principal.email == stage.member
        people.clock.advance(minutes=15)
        assert await stream.next() is Lost.SESSION_ROTATED
        assert rights.callers == 0


@pytest.mark.parametrize("whose", ["member", "email"])
async def test_a_change_of_either_reaches_the_streams(people: People, whose: str) -> None:
    async with rights_on(people) as rights:
        stage = await staged(people)
        credentials = Credentials(None, await stage.act(), None)
        stream, _ = await follow(rights, credentials)
        await add_member(people.directory, getattr(stage, whose), stage.slug, "viewer")
        told = await stream.next()
        if whose == "member":
            assert isinstance(told, Principal)
            assert not told.permissions.allows("orders:write")
            assert await rights.authenticator.authenticate(credentials) == told
        else:
            assert told is Lost.SESSION_ROTATED  # no role lets the person be elevated any more


@pytest.mark.parametrize(("text", "codes"), [("", ["REQUIRED"]), ("x" * 501, ["TOO_LONG"]), ("a\nb", ["INVALID"])])
def test_a_justification_is_a_sentence(text: str, codes: list[str]) -> None:
    assert [code for code, _, _ in justification_faults(text)] == codes


async def tenant_of(stage: Stage) -> str:
    return (await stage.person()).tenant.hex
