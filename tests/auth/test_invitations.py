"""Invitations: good once, for a week, for one address in one tenant, and for no more than the inviter could give."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from auth.errors import AuthError, Forbidden, InvitationOver, OperatorError, WrongPassword
from auth.invitations import (
    NewUser,
    accept_as_new,
    accept_by_password,
    accept_signed_in,
    find_invitation,
    invited_address,
    make_invitation,
)
from auth.sessions import Visitor
from tests.support.people import PASSWORD, People

NEW = "lamp drift onion"
VISITOR = Visitor("a browser", "203.0.113.7", "req-1")
OVER = InvitationOver.message


@dataclass(frozen=True, slots=True)
class Hall:
    """A tenant with an admin who invites."""

    people: People
    slug: str
    tenant: str
    admin: str

    async def invite(self, email: str, *roles: str) -> str:
        """The token."""
        inviter = await self.people.id_of(self.admin)
        directory, clock = self.people.directory, self.people.clock
        made = await make_invitation(directory, self.tenant, email, roles or ("viewer",), inviter, clock)
        assert made is not None
        return made.token

    async def join(self, token: str, password: str = NEW, name: str = "Zoë") -> None:
        """As somebody new, or by the user's password."""
        people = self.people
        invited = await find_invitation(people.directory, token)
        if invited.user is None:
            await accept_as_new(people.directory, people.passwords, invited, NewUser(name, password), VISITOR)
        else:
            await accept_by_password(people.directory, people.passwords, invited, password, people.brakes, VISITOR)

    async def roles_of(self, email: str) -> list[str] | None:
        """None for no member."""
        user = await self.people.directory.user_by_email(email)
        if user is None:
            return None
        found = await self.people.directory.members.by_id(self.tenant, [user["id"]])
        return list(found[user["id"]]["roles"]) if found else None

    async def trail(self) -> list[tuple[str, str]]:
        sql = "SELECT action, outcome FROM audit_log WHERE tenant_id = $1 ORDER BY created_at, id"
        return [(row["action"], row["outcome"]) for row in await self.people.run(sql, self.tenant)]


@pytest.fixture
async def hall(people: People) -> Hall:
    slug = await people.tenant()
    tenant = await people.directory.tenant_by_slug(slug)
    assert tenant is not None
    return Hall(people, slug, tenant["id"], await people.user(slug, role="admin"))


def somebody() -> str:
    return f"{uuid4().hex[:12]}@new.example"


async def test_somebody_new_sets_a_password_and_is_a_member_on_record(hall: Hall) -> None:
    email = somebody()
    await hall.join(await hall.invite(email, "viewer", "partner"))
    assert await hall.roles_of(email) == ["partner", "viewer"]
    assert (await hall.people.sign_in(email, NEW)).tenant["slug"] == hall.slug
    told = {("createTenant", "ALLOWED"), ("putMember", "ALLOWED"), ("inviteMember", "ALLOWED")}
    assert set(await hall.trail()) == {*told, ("acceptInvitation", "ALLOWED"), ("signIn", "ALLOWED")}


async def test_a_user_joins_by_its_password_and_keeps_what_it_has(hall: Hall) -> None:
    other = await hall.people.tenant()
    email = await hall.people.user(other, role="manager")
    token = await hall.invite(email)
    with pytest.raises(WrongPassword):
        await hall.join(token)
    assert await hall.roles_of(email) is None
    await hall.join(token, PASSWORD)
    assert await hall.roles_of(email) == ["viewer"]
    user = await hall.people.id_of(email)
    assert {row["slug"] for row in await hall.people.directory.memberships_of(user)} == {hall.slug, other}


async def test_whoever_is_signed_in_joins_by_its_own_invitation_alone(hall: Hall) -> None:
    email, other = [await hall.people.user() for _ in range(2)]
    invited = await find_invitation(hall.people.directory, await hall.invite(email))
    with pytest.raises(Forbidden):
        await accept_signed_in(hall.people.directory, invited, await hall.people.id_of(other), VISITOR)
    assert await hall.roles_of(other) is None
    await accept_signed_in(hall.people.directory, invited, await hall.people.id_of(email), VISITOR)
    assert await hall.roles_of(email) == ["viewer"]


async def test_an_invitation_is_good_once(hall: Hall) -> None:
    email = somebody()
    token = await hall.invite(email)
    outcomes = await asyncio.gather(*(hall.join(token) for _ in range(4)), return_exceptions=True)
    assert outcomes.count(None) == 1
    assert {type(each) for each in outcomes if each is not None} <= {InvitationOver, WrongPassword}
    with pytest.raises(InvitationOver):
        await hall.join(token)


Change = Callable[[Hall, str], Awaitable[object]]


async def _expired(hall: Hall, _: str) -> None:
    hall.people.clock.advance(minutes=7 * 24 * 60)


async def _revoked(hall: Hall, _: str) -> None:
    await hall.people.run("UPDATE invitations SET revoked_at = now() WHERE tenant_id = $1", hall.tenant)


async def _invited_again(hall: Hall, email: str) -> None:
    await hall.invite(email)


async def _demoted(hall: Hall, _: str) -> None:
    await hall.people.directory.put_membership(hall.tenant, await hall.people.id_of(hall.admin), "manager")


async def _removed(hall: Hall, _: str) -> None:
    await hall.people.run("DELETE FROM memberships WHERE user_id = $1", await hall.people.id_of(hall.admin))


async def _disabled(hall: Hall, _: str) -> None:
    await hall.people.run("UPDATE users SET disabled_at = now() WHERE email = $1", hall.admin)


async def _grown(hall: Hall, _: str) -> None:
    sql = "UPDATE roles SET permissions = '{billing:all}', version = version + 1 WHERE tenant_id = $1 AND name = $2"
    await hall.people.run(sql, hall.tenant, "viewer")


async def _gone(hall: Hall, _: str) -> None:
    await hall.people.run("DELETE FROM roles WHERE tenant_id = $1 AND name = 'viewer'", hall.tenant)


async def _looked_like(hall: Hall, email: str) -> None:
    """A user there is whose address differs by an accent."""
    await hall.people.run("UPDATE users SET email = $2 WHERE email = $1", await hall.people.user(), email)
    await hall.people.run("UPDATE invitations SET email = $2 WHERE email = $1", email, email.replace("@", "é@"))
    await hall.people.run("UPDATE users SET email = $2 WHERE email = $1", email, email.replace("@", "e@"))


@pytest.mark.parametrize(
    "change",
    [_expired, _revoked, _invited_again, _demoted, _removed, _disabled, _grown, _gone, _looked_like],
)
async def test_what_is_not_good_any_more_is_told_alike_and_nothing_is_written(hall: Hall, change: Change) -> None:
    email = somebody()
    token = await hall.invite(email)
    await change(hall, email)
    work, before = hall.people.hasher.work, await hall.trail()
    with pytest.raises(InvitationOver) as refused:
        await hall.join(token)
    assert refused.value.message == OVER
    assert hall.people.hasher.work == work
    assert await hall.people.directory.user_by_email(email) is None
    assert await hall.trail() == before


@pytest.mark.parametrize("token", ["", "x", "tgi_" + "x" * 43, "tgi_é", "tgi_" + "x" * 5_000, "tgi_\ud800", "a\x00b"])
async def test_a_forged_link_is_told_like_one_that_is_over(hall: Hall, token: str) -> None:
    await hall.invite(somebody())
    with pytest.raises(InvitationOver) as refused:
        await hall.join(token)
    assert refused.value.message == OVER


async def test_a_member_gains_nothing_by_an_invitation_and_a_disabled_one_stays_so(hall: Hall) -> None:
    for disabled in (False, True):
        email = await hall.people.user()
        token = await hall.invite(email, "manager")
        await hall.people.directory.put_membership(hall.tenant, await hall.people.id_of(email), "viewer")
        if disabled:
            await hall.people.directory.members.disable(hall.tenant, await hall.people.id_of(email))
        with pytest.raises(InvitationOver):
            await hall.join(token, PASSWORD)
        assert await hall.roles_of(email) == ["viewer"]


async def test_a_password_or_name_that_is_not_taken_leaves_the_link_good(hall: Hall) -> None:
    email = somebody()
    token = await hall.invite(email)
    for password, name in (("short", "Zoë"), ("finalfantasy", "Zoë"), (NEW, "x" * 201), (NEW, "a\x00b")):
        with pytest.raises(OperatorError):
            await hall.join(token, password, name)
    await hall.join(token)
    assert await hall.roles_of(email) == ["viewer"]


async def test_wrong_passwords_are_slowed_as_at_any_sign_in(hall: Hall) -> None:
    email = await hall.people.user()
    token, seen = await hall.invite(email), set()
    for _ in range(8):
        with pytest.raises(AuthError) as refused:
            await hall.join(token)
        seen.add(refused.value.code)
    assert seen == {"UNAUTHENTICATED", "RATE_LIMITED"}


async def test_whoever_proves_the_address_takes_the_user_over(hall: Hall) -> None:
    email = somebody()
    await hall.join(await hall.invite(email))
    session = await hall.people.sign_in(email, NEW)
    user = await hall.people.id_of(email)
    await hall.people.directory.links.link("https://id.example", "zoe", user)
    with pytest.raises(AuthError):
        await hall.people.by_session(session.secret)
    with pytest.raises(WrongPassword):
        await hall.people.sign_in(email, NEW)
    proven = await hall.people.user(hall.slug)
    session = await hall.people.sign_in(proven)
    await hall.people.directory.links.link("https://id.example", "adam", await hall.people.id_of(proven))
    await hall.people.by_session(session.secret)


async def test_nothing_of_a_link_is_kept_but_a_hash(hall: Hall) -> None:
    token = await hall.invite(somebody())
    kept = str(await hall.people.run("SELECT * FROM invitations"))
    assert token.removeprefix("tgi_") not in kept
    assert len(token) == 4 + 43


@pytest.mark.parametrize(
    ("text", "known_as"),
    [(" Zoe@New.example ", "zoe@new.example"), ("zoë@new.example", "zoë@new.example"), ("zоe@new.example", None),
     ("zoe@a@b", None), ("nobody", None), ("ﬁ@new.example", None), ("", None), ("x" * 300 + "@new.example", None)],
)  # fmt: skip
def test_an_invitation_is_bound_to_one_spelling_of_an_address(text: str, known_as: str | None) -> None:
    assert invited_address(text) == known_as
