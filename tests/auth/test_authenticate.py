"""From credentials to a principal: whose, for which tenant, and when no longer."""

from datetime import timedelta
from uuid import uuid4

import pytest

from auth.authenticate import Credentials, tenant_of_operator
from auth.errors import BadSession, BadToken, Forbidden, OperatorError
from auth.sessions import new_secret
from auth.standing import NOT_YOURS
from auth.tokens import sign_token
from db.ids import new_id
from tests.support.people import KEYRING, People


async def test_nobody_is_nobody(people: People) -> None:
    assert await people.authenticator.authenticate(Credentials(None, None, None)) is None


async def test_choosing_a_tenant_is_no_credential(people: People) -> None:
    assert await people.authenticator.authenticate(Credentials(None, None, await people.tenant())) is None


async def test_a_session_is_its_user_in_its_tenant(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="manager")
    signed_in = await people.sign_in(email)
    principal = await people.by_session(signed_in.secret)
    assert (principal.email, principal.name, principal.tenant_slug) == (email, "Zoë O’Neill", slug)
    assert principal.roles == ("manager",)
    assert principal.permissions.allows("customers:pii")
    assert not principal.permissions.allows("export:run")
    assert principal.tenant.hex == (await tenant_of_operator(people.directory, slug)).hex
    assert principal.expires_at == signed_in.expires_at
    assert signed_in.secret not in repr(principal)


async def test_a_token_is_its_user_in_its_tenant(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="partner")
    principal = await people.by_token(await people.token(email, minutes=5))
    assert (principal.email, principal.tenant_slug, principal.roles) == (email, slug, ("partner",))
    assert principal.session_id is None
    assert principal.expires_at is not None
    assert abs(principal.expires_at - people.clock() - timedelta(minutes=5)) < timedelta(seconds=1)


@pytest.mark.parametrize("by", ["session", "token"])
async def test_authenticating_is_one_statement(people: People, by: str) -> None:
    mine, other = sorted([await people.tenant(), await people.tenant()])
    email = await people.user(mine, other)
    secret, token = (await people.sign_in(email)).secret, await people.token(email, mine)
    seen: list[str] = []
    people.directory.observer = seen.append
    for slug in (None, other):
        await (people.by_session(secret, slug) if by == "session" else people.by_token(token, slug))
    assert len(seen) == 2


async def test_a_token_goes_before_a_session(people: People) -> None:
    slug = await people.tenant()
    first, second = await people.user(slug), await people.user(slug)
    both = Credentials(await people.token(first), (await people.sign_in(second)).secret, None)
    principal = await people.authenticator.authenticate(both)
    assert principal is not None
    assert principal.email == first


async def test_a_bad_token_is_not_made_good_by_a_session(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    with pytest.raises(BadToken):
        await people.authenticator.authenticate(Credentials("bad", secret, None))


@pytest.mark.parametrize("by", ["session", "token"])
async def test_a_caller_chooses_among_its_own_tenants(people: People, by: str) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    email = await people.user(first, second)
    if by == "session":
        principal = await people.by_session((await people.sign_in(email)).secret, second)
    else:
        principal = await people.by_token(await people.token(email, first), second)
    assert principal.tenant_slug == second
    assert principal.tenant.hex == (await tenant_of_operator(people.directory, second)).hex


@pytest.mark.parametrize("by", ["session", "token"])
async def test_a_foreign_and_an_unknown_tenant_are_refused_alike(people: People, by: str) -> None:
    own, foreign = await people.tenant(), await people.tenant()
    email = await people.user(own, role="admin")
    secret, token = (await people.sign_in(email)).secret, await people.token(email)
    for slug in (foreign, f"t-{uuid4().hex[:12]}", "", "Not A Slug", "x\x00y", "x" * 10_000, own.upper()):
        with pytest.raises(Forbidden) as refused:
            await (people.by_session(secret, slug) if by == "session" else people.by_token(token, slug))
        assert (refused.value.message, refused.value.code) == (NOT_YOURS, "FORBIDDEN")


async def test_the_role_of_one_tenant_counts_nothing_in_another(people: People) -> None:
    first, second = await people.tenant(), await people.tenant()
    email = await people.user(first, role="admin")
    await people.user(second, role="admin")
    await people.run(
        "WITH joined AS (INSERT INTO memberships SELECT t.id, u.id, 1, now(), now() FROM tenants t, users u "
        "WHERE t.slug = $1 AND u.email = $2 RETURNING tenant_id, user_id) "
        "INSERT INTO member_roles SELECT tenant_id, user_id, 'partner' FROM joined",
        second,
        email,
    )
    principal = await people.by_token(await people.token(email, first), second)
    assert principal.roles == ("partner",)
    assert not principal.permissions.allows("admin:members")


@pytest.mark.parametrize("secret", ["", "x", "é", "x" * 5_000, "a\x00b", "' OR 1=1 --"])
async def test_text_that_is_no_session_is_refused(people: People, secret: str) -> None:
    with pytest.raises(BadSession):
        await people.by_session(secret)


async def test_a_session_that_never_was_is_refused(people: People) -> None:
    with pytest.raises(BadSession) as refused:
        await people.by_session(new_secret())
    assert refused.value.reason == "unknown"


async def test_the_hash_of_a_session_is_no_session(people: People) -> None:
    principal = await people.by_session((await people.sign_in(await people.user(await people.tenant()))).secret)
    assert principal.session_key is not None
    assert principal.session_id is not None
    for text in (principal.session_key, principal.session_id):
        with pytest.raises(BadSession):
            await people.by_session(text)


async def test_a_revoked_session_is_dead_at_once(people: People) -> None:
    email = await people.user(await people.tenant())
    kept, revoked = await people.sign_in(email), await people.sign_in(email)
    key = (await people.by_session(revoked.secret)).session_key
    assert key is not None
    assert await people.directory.sessions.revoke(bytes.fromhex(key))
    with pytest.raises(BadSession) as refused:
        await people.by_session(revoked.secret)
    assert refused.value.reason == "revoked"
    await people.by_session(kept.secret)


async def test_an_idle_session_ends_after_a_day(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    people.clock.advance(hours=24)
    with pytest.raises(BadSession) as refused:
        await people.by_session(secret)
    assert refused.value.reason == "expired"


async def test_a_session_in_use_lives_for_fourteen_days_and_no_longer(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    for _ in range(14 * 2 - 1):
        people.clock.advance(hours=12)
        await people.by_session(secret)
    people.clock.advance(hours=12)
    with pytest.raises(BadSession):
        await people.by_session(secret)


async def test_the_use_of_a_session_is_noted_once_a_minute(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    seen: list[str] = []
    people.directory.observer = seen.append
    for seconds in (0, 59, 1, 1, 58, 1):
        people.clock.advance(seconds=seconds)
        await people.by_session(secret)
    assert sum("UPDATE sessions" in statement for statement in seen) == 2


@pytest.mark.parametrize("by", ["session", "token"])
async def test_a_disabled_user_is_nobody(people: People, by: str) -> None:
    slug = await people.tenant()
    email = await people.user(slug)
    secret, token = (await people.sign_in(email)).secret, await people.token(email)
    await people.run("UPDATE users SET disabled_at = now() WHERE email = $1", email)
    for chosen in (None, slug):
        with pytest.raises(BadSession if by == "session" else BadToken):
            await (people.by_session(secret, chosen) if by == "session" else people.by_token(token, chosen))


@pytest.mark.parametrize("by", ["session", "token"])
async def test_credentials_end_with_the_membership_they_were_made_for(people: People, by: str) -> None:
    email = await people.user(await people.tenant())
    secret, token = (await people.sign_in(email)).secret, await people.token(email)
    await people.run("DELETE FROM memberships USING users WHERE user_id = users.id AND email = $1", email)
    with pytest.raises(BadSession if by == "session" else BadToken):
        await (people.by_session(secret) if by == "session" else people.by_token(token))


async def test_a_token_of_a_removed_user_is_refused(people: People) -> None:
    token = sign_token(KEYRING, new_id(), new_id(), people.clock(), timedelta(minutes=1))
    with pytest.raises(BadToken):
        await people.by_token(token)


async def test_an_expired_token_is_refused(people: People) -> None:
    token = await people.token(await people.user(await people.tenant()), minutes=1)
    people.clock.advance(seconds=66)
    with pytest.raises(BadToken) as refused:
        await people.by_token(token)
    assert refused.value.reason == "expired"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET version = version + 1 WHERE email = $1",
        "UPDATE memberships m SET version = m.version + 1 FROM users u WHERE u.id = m.user_id AND u.email = $1",
        "UPDATE member_roles m SET role = 'viewer' FROM users u WHERE u.id = m.user_id AND u.email = $1",
        "UPDATE roles r SET version = r.version + 1 FROM member_roles m JOIN users u ON u.id = m.user_id "
        "WHERE r.tenant_id = m.tenant_id AND r.name = m.role AND u.email = $1",
        "UPDATE roles r SET permissions = '{orders:read}' FROM member_roles m JOIN users u ON u.id = m.user_id "
        "WHERE r.tenant_id = m.tenant_id AND r.name = m.role AND u.email = $1",
    ],
    ids=["the user", "the membership", "the role of the membership", "the role", "what the role grants"],
)
async def test_the_permissions_version_changes_with(people: People, change: str) -> None:
    email = await people.user(await people.tenant(), role="manager")
    token = await people.token(email)
    before = (await people.by_token(token)).permissions_version
    assert (await people.by_token(token)).permissions_version == before
    await people.run(change, email)
    assert (await people.by_token(token)).permissions_version != before


async def test_a_changed_role_counts_from_the_next_request_on(people: People) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="viewer")
    token = await people.token(email)
    assert not (await people.by_token(token)).permissions.allows("orders:write")
    await people.run(
        "UPDATE roles SET permissions = '{orders:*}' FROM tenants WHERE tenant_id = id AND slug = $1", slug
    )
    assert (await people.by_token(token)).permissions.allows("orders:write")


async def test_an_operator_names_a_tenant_by_slug(people: People) -> None:
    slug = await people.tenant()
    row = await people.directory.tenant_by_slug(slug)
    assert row is not None
    assert (await tenant_of_operator(people.directory, slug)).hex == row["id"]


async def test_an_operator_cannot_name_a_tenant_that_does_not_exist(people: People) -> None:
    with pytest.raises(OperatorError, match="no tenant 'atlantis'"):
        await tenant_of_operator(people.directory, "atlantis")
