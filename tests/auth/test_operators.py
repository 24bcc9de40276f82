"""What operators do from the command line."""

import pytest

from auth.errors import BadSession, OperatorError, WrongPassword
from auth.operators import add_member, allow_spaces, create_tenant, create_user, issue_token, reset_password
from auth.password_reset import make_reset, reset_by_token
from auth.permissions import ELEVATABLE, SYSTEM_ROLES
from auth.spaces import Space
from tests.support.people import KEYRING, PASSWORD, People


async def test_a_new_tenant_begins_with_the_system_roles(people: People) -> None:
    slug = await people.tenant()
    rows = await people.run(
        "SELECT r.name, r.system, r.elevatable FROM roles r JOIN tenants t ON t.id = r.tenant_id WHERE t.slug = $1 "
        "ORDER BY 1",
        slug,
    )
    expected = [(name, True, list(ELEVATABLE.get(name, ()))) for name in sorted(SYSTEM_ROLES)]
    assert [tuple(row) for row in rows] == expected


async def test_a_slug_is_taken_once(people: People) -> None:
    slug = await people.tenant()
    with pytest.raises(OperatorError, match="already"):
        await create_tenant(people.directory, slug, "Again")


@pytest.mark.parametrize("slug", ["", "-a", "A", "a b", "a.b", "x" * 64, "é", "a\n", "../x"])
async def test_a_slug_has_its_shape(people: People, slug: str) -> None:
    with pytest.raises(OperatorError, match="is no slug"):
        await create_tenant(people.directory, slug, "Name")


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 201])
async def test_a_name_can_be_printed(people: People, name: str) -> None:
    with pytest.raises(OperatorError, match="printable"):
        await create_tenant(people.directory, "some-slug", name)


async def test_a_new_user_is_a_member_from_the_first_moment(people: People) -> None:
    slug = await people.tenant()
    email = f"new@{slug}.example"
    await create_user(people.directory, people.passwords, email, "New", PASSWORD, tenant_slug=slug, role="manager")
    assert (await people.by_session((await people.sign_in(email)).secret)).roles == ("manager",)


@pytest.mark.parametrize(("slug", "role"), [("atlantis", "viewer"), (None, "emperor")])
async def test_without_the_membership_there_is_no_user_either(people: People, slug: str | None, role: str) -> None:
    own = await people.tenant()
    email = f"new@{own}.example"
    with pytest.raises(OperatorError, match=r"no (tenant 'atlantis'|role 'emperor')"):
        await create_user(
            people.directory, people.passwords, email, "New", PASSWORD, tenant_slug=slug or own, role=role
        )
    assert await people.directory.user_by_email(email) is None


async def test_an_email_is_taken_once_in_any_spelling(people: People) -> None:
    email = await people.user()
    with pytest.raises(OperatorError, match="already"):
        await create_user(people.directory, people.passwords, email.upper(), "Again", PASSWORD)


async def test_a_role_of_no_such_name_is_not_given(people: People) -> None:
    slug = await people.tenant()
    with pytest.raises(OperatorError, match="no role 'emperor'"):
        await add_member(people.directory, await people.user(), slug, "emperor")


async def test_adding_a_member_again_changes_its_role(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="viewer")
    await add_member(people.directory, email, slug, "admin")
    await add_member(people.directory, email, slug, "admin")
    (membership,) = await people.directory.memberships_of(await people.id_of(email))
    assert membership["roles"] == ["admin"]
    row = await people.directory.membership(await people.id_of(email), tenant_slug=slug)
    assert row is not None
    assert row["membership_version"] == 2


async def test_resetting_a_password_ends_every_session(people: People) -> None:
    email = await people.user(await people.tenant())
    sessions = [await people.sign_in(email) for _ in range(3)]
    await reset_password(people.directory, people.passwords, email, "a brand new password")
    for session in sessions:
        with pytest.raises(BadSession):
            await people.by_session(session.secret)
    with pytest.raises(WrongPassword):
        await people.sign_in(email, PASSWORD)
    await people.by_session((await people.sign_in(email, "a brand new password")).secret)


async def test_resetting_leaves_the_sessions_of_others_alone(people: People) -> None:
    slug = await people.tenant()
    session = await people.sign_in(await people.user(slug))
    await reset_password(people.directory, people.passwords, await people.user(slug), "a brand new password")
    await people.by_session(session.secret)


async def test_a_token_is_for_the_only_tenant_unless_one_is_named(people: People) -> None:
    first, second = await people.tenant(), await people.tenant()
    email = await people.user(first)
    assert (await people.by_token(await issue_token(people.directory, KEYRING, email, None, 5))).tenant_slug == first
    await add_member(people.directory, email, second, "admin")
    assert (await people.by_token(await issue_token(people.directory, KEYRING, email, second, 5))).tenant_slug == second
    with pytest.raises(OperatorError, match="say for which one"):
        await issue_token(people.directory, KEYRING, email, None, 5)


@pytest.mark.parametrize("minutes", [0, -1, 43_201])
async def test_a_token_lives_for_a_minute_to_thirty_days(people: People, minutes: int) -> None:
    email = await people.user(await people.tenant())
    with pytest.raises(OperatorError, match="1 to 43200 minutes"):
        await issue_token(people.directory, KEYRING, email, None, minutes)


async def test_no_token_is_issued_for_a_tenant_of_others(people: People) -> None:
    email = await people.user(await people.tenant())
    with pytest.raises(OperatorError, match="does not belong"):
        await issue_token(people.directory, KEYRING, email, await people.tenant(), 5)


async def test_no_token_is_issued_for_a_disabled_user(people: People) -> None:
    email = await people.user(await people.tenant())
    await people.run("UPDATE users SET disabled_at = now() WHERE email = $1", email)
    with pytest.raises(OperatorError, match="disabled"):
        await issue_token(people.directory, KEYRING, email, None, 5)


@pytest.mark.parametrize("email", ["nobody@people.example", "no address", "a\x00@b.c"])
async def test_whoever_does_not_exist_is_named_in_the_refusal(people: People, email: str) -> None:
    with pytest.raises(OperatorError, match=r"There is no user|is no email address"):
        await reset_password(people.directory, people.passwords, email, "a brand new password")


async def test_each_verb_is_on_record_in_the_tenants_that_it_concerns_without_a_secret(people: People) -> None:
    slug, other = await people.tenant(), await people.tenant()
    email, password, when = f"new@{slug}.example", "a brand new password", people.clock
    await create_user(people.directory, people.passwords, email, "New", PASSWORD, tenant_slug=slug, clock=when)
    await add_member(people.directory, email, other, "manager", when)
    await add_member(people.directory, email, other, "manager", when)  # it is one already
    await allow_spaces(people.directory, email, slug, [Space.CLIENT], when)
    await reset_password(people.directory, people.passwords, email, password, when)
    token = await issue_token(people.directory, KEYRING, email, other, 5, when)
    link = await make_reset(people.directory, email, when)
    await reset_by_token(people.directory, people.passwords, link.token, "another brand new password", clock=when)
    here, there = await people.trail(slug), await people.trail(other)
    both = ["makePasswordLink", "resetPassword", "resetPassword"]
    assert sorted(row["action"] for row in here) == sorted(["allowSpaces", "createTenant", "createUser", *both])
    assert sorted(row["action"] for row in there) == sorted(["createTenant", "issueToken", "putMember", *both])
    assert {(row["kind"], row["outcome"]) for row in here} == {("COMMAND", "ALLOWED"), ("SIGN_IN", "ALLOWED")}
    (joined,) = [row for row in there if row["action"] == "putMember"]
    assert (joined["changes"], joined["actor_id"]) == ('{"roles": [null, ["manager"]]}', None)
    told = str([*here, *there])
    assert not any(secret in told for secret in (PASSWORD, password, token, link.token, "argon2"))


async def test_a_verb_that_is_refused_leaves_no_record(people: People) -> None:
    slug = await people.tenant()
    with pytest.raises(OperatorError):
        await add_member(people.directory, await people.user(), slug, "emperor")
    with pytest.raises(OperatorError):
        await allow_spaces(people.directory, await people.user(), slug, [Space.CLIENT])
    with pytest.raises(OperatorError):
        await create_user(
            people.directory, people.passwords, f"a@{slug}.example", "A", PASSWORD, tenant_slug=slug, role="emperor"
        )
    assert [row["action"] for row in await people.trail(slug)] == ["createTenant"]
