"""What operators do from the command line."""

import pytest

from auth.errors import BadSession, OperatorError, WrongPassword
from auth.operators import add_member, create_tenant, create_user, issue_token, reset_password
from auth.permissions import SYSTEM_ROLES
from tests.support.people import KEYRING, PASSWORD, People


async def test_a_new_tenant_begins_with_the_system_roles(people: People) -> None:
    slug = await people.tenant()
    rows = await people.run(
        "SELECT r.name, r.system FROM roles r JOIN tenants t ON t.id = r.tenant_id WHERE t.slug = $1 ORDER BY 1", slug
    )
    assert [tuple(row) for row in rows] == [(name, True) for name in sorted(SYSTEM_ROLES)]


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
