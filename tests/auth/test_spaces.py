"""Spaces: where permissions count, and where credentials put their bearer."""

import pytest

from auth.authenticate import Credentials
from auth.errors import BadSession, Forbidden, OperatorError
from auth.key_desk import NewKey, create_key
from auth.operators import allow_spaces, issue_token
from auth.permissions import PERMISSIONS, PermissionSet
from auth.principal import Principal
from auth.session_desk import switch_space
from auth.spaces import EVERY_SPACE, USUAL, Space, spaces_of
from db.tables.directory import SPACES
from tests.support.people import KEYRING, People


def test_in_the_usual_space_every_permission_counts() -> None:
    everything = PermissionSet.of(("*",))
    assert all(everything.allows(permission) for permission in PERMISSIONS)
    assert all(everything.elsewhere(permission) == () for permission in PERMISSIONS)


def test_in_another_space_only_its_own_permissions_count() -> None:
    everything = PermissionSet.of(("*",), Space.DEVELOPER)
    assert {name for name in PERMISSIONS if everything.allows(name)} == {
        "streams:read",
        "admin:streams",
        "admin:documents",
    }
    assert everything.elsewhere("orders:read") == (Space.CLIENT, Space.PROVIDER, Space.ACCOUNTING)
    assert PermissionSet.of((), Space.DEVELOPER).elsewhere("orders:read") == ()


def test_no_other_space_writes_or_rules() -> None:
    for permission in PERMISSIONS:
        if permission.endswith(":write") or permission in {"admin:members", "admin:roles", "admin:announce"}:
            assert spaces_of(permission) == (USUAL,)


def test_the_database_knows_the_same_spaces() -> None:
    assert SPACES == EVERY_SPACE


async def by_token(people: People, email: str, space: Space) -> Principal:
    token = await issue_token(people.directory, KEYRING, email, None, 5, people.clock, space=space)
    return await people.by_token(token)


async def by_key(people: People, email: str, space: Space) -> Principal:
    maker = await by_token(people, email, USUAL)
    new = NewKey("a key", ("orders:read", "products:read"), space=space)
    whose = maker.tenant.hex, maker.user_id, maker.permissions
    made = await create_key(people.directory, *whose, new, people.clock)
    principal = await people.authenticator.authenticate(Credentials(made.text, None, None))
    assert principal is not None
    return principal


async def test_whoever_names_no_space_is_in_the_usual_one_and_may_be_in_any(people: People) -> None:
    email = await people.user(await people.tenant(), role="admin")
    for principal in (
        await people.by_session((await people.sign_in(email)).secret),
        await by_token(people, email, USUAL),
        await by_key(people, email, USUAL),
    ):
        assert (principal.space, principal.spaces) == (USUAL, EVERY_SPACE)
        assert principal.permissions.allows("orders:read")


@pytest.mark.parametrize("by", [by_token, by_key])
async def test_a_token_and_a_key_carry_their_space(people: People, by: object) -> None:
    email = await people.user(await people.tenant(), role="admin")
    assert callable(by)
    there = await by(people, email, Space.DEVELOPER)
    usual = await by(people, email, USUAL)
    assert there.space is Space.DEVELOPER
    assert not there.permissions.allows("orders:read")
    assert there.permissions_version != usual.permissions_version


@pytest.mark.parametrize("by", [by_token, by_key])
async def test_a_token_and_a_key_are_refused_where_the_membership_does_not_let_them_be(
    people: People, by: object
) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="admin")
    await allow_spaces(people.directory, email, slug, [USUAL, Space.CLIENT])
    assert callable(by)
    assert (await by(people, email, Space.CLIENT)).spaces == (USUAL, Space.CLIENT)
    with pytest.raises(Forbidden, match="DEVELOPER"):
        await by(people, email, Space.DEVELOPER)


async def test_a_session_goes_to_another_space_with_a_new_secret(people: People) -> None:
    signed_in = await people.sign_in(await people.user(await people.tenant(), role="admin"))
    before = await people.by_session(signed_in.secret)
    secret = await switch_space(people.directory, before, Space.ACCOUNTING)
    after = await people.by_session(secret)
    assert (after.space, after.session_id) == (Space.ACCOUNTING, before.session_id)
    assert not after.permissions.allows("orders:write")
    with pytest.raises(BadSession):
        await people.by_session(signed_in.secret)


async def test_a_session_goes_nowhere_that_its_membership_does_not_allow(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug)
    await allow_spaces(people.directory, email, slug, [Space.PROVIDER, Space.CLIENT])
    secret = (await people.sign_in(email)).secret
    with pytest.raises(Forbidden):
        await switch_space(people.directory, await people.by_session(secret), Space.ACCOUNTING)
    assert (await people.by_session(secret)).space is USUAL


async def test_a_narrowed_membership_moves_its_sessions_to_its_first_space(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug)
    secret = (await people.sign_in(email)).secret
    version = (await people.by_session(secret)).permissions_version
    await allow_spaces(people.directory, email, slug, [Space.CLIENT, Space.DEVELOPER])
    moved = await people.by_session(secret)
    assert (moved.space, moved.spaces) == (Space.CLIENT, (Space.CLIENT, Space.DEVELOPER))
    assert moved.permissions_version != version


async def test_only_a_session_is_moved(people: People) -> None:
    email = await people.user(await people.tenant())
    with pytest.raises(Forbidden):
        await switch_space(people.directory, await by_token(people, email, USUAL), Space.CLIENT)


async def test_spaces_are_allowed_to_members_only_and_never_none(people: People) -> None:
    slug = await people.tenant()
    stranger, member = await people.user(await people.tenant()), await people.user(slug)
    for email, spaces in ((stranger, [Space.CLIENT]), (member, [])):
        with pytest.raises(OperatorError):
            await allow_spaces(people.directory, email, slug, spaces)
