"""Whatever ends or changes the rights of a stream's caller reaches the stream, and the log waits for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from auth.authenticate import Credentials
from auth.errors import BadToken
from auth.operators import add_member, reset_password
from auth.principal import Principal
from auth.rights import Rights
from auth.session_desk import rotate_session
from auth.sessions import Rotation, hash_of
from auth.watched import Lost
from tests.support.followed import NotingStream, follow, rights_on
from tests.support.people import People

End = Callable[[People, str, str], Awaitable[object]]
"""People, the email, the secret of the session."""


@pytest.fixture
async def rights(people: People) -> AsyncIterator[Rights]:
    async with rights_on(people) as rights:
        yield rights


async def by_session(people: People, email: str) -> tuple[Credentials, str]:
    secret = (await people.sign_in(email)).secret
    return Credentials(None, secret, None), secret


async def revoke(people: People, email: str, secret: str) -> None:
    await people.directory.sessions.revoke(hash_of(secret) or b"")


async def reset(people: People, email: str, secret: str) -> None:
    await reset_password(people.directory, people.passwords, email, "another good password")


def rotate(reason: Rotation) -> End:
    async def end(people: People, email: str, secret: str) -> None:
        await rotate_session(people.directory, await people.by_session(secret), reason)

    return end


def by_hand(sql: str) -> End:
    return lambda people, email, secret: people.run(sql, email)


_HIS = "user_id = (SELECT id FROM users WHERE email = $1)"
ENDS: dict[str, tuple[End, Lost]] = {
    "signing out": (revoke, Lost.SESSION_REVOKED),
    "a new password": (reset, Lost.SESSION_REVOKED),
    "being disabled": (by_hand("UPDATE users SET disabled_at = now() WHERE email = $1"), Lost.SESSION_REVOKED),
    "being removed": (by_hand("DELETE FROM users WHERE email = $1"), Lost.SESSION_REVOKED),
    "leaving the tenant": (by_hand(f"DELETE FROM memberships WHERE {_HIS}"), Lost.FORBIDDEN),
    "another tenant": (rotate(Rotation.TENANT), Lost.TENANT_SWITCHED),
    "another privilege": (rotate(Rotation.PRIVILEGE), Lost.SESSION_ROTATED),
    "an earlier end": (by_hand(f"UPDATE sessions SET expires_at = seen_at WHERE {_HIS}"), Lost.SESSION_REVOKED),
}
OF_SESSIONS = {"signing out", "another tenant", "another privilege", "an earlier end"}
OF_TOKENS = {name: end for name, end in ENDS.items() if name not in OF_SESSIONS}


@pytest.mark.parametrize("name", ENDS)
async def test_whatever_ends_a_session_ends_its_streams(people: People, rights: Rights, name: str) -> None:
    email = await people.user(await people.tenant())
    credentials, secret = await by_session(people, email)
    stream, _ = await follow(rights, credentials)
    end, reason = ENDS[name]
    await end(people, email, secret)
    assert await stream.next() == reason
    assert rights.callers == 0


@pytest.mark.parametrize("name", OF_TOKENS)
async def test_whatever_ends_a_token_ends_its_streams(people: People, rights: Rights, name: str) -> None:
    email = await people.user(await people.tenant())
    stream, _ = await follow(rights, Credentials(await people.token(email), None, None))
    end, reason = OF_TOKENS[name]
    await end(people, email, "")
    assert await stream.next() == reason


async def test_a_token_issued_before_a_new_password_is_refused(people: People, rights: Rights) -> None:
    email = await people.user(await people.tenant())
    before = await people.token(email)
    await reset(people, email, "")
    with pytest.raises(BadToken) as refused:
        await people.by_token(before)
    assert refused.value.reason == "password changed since"
    assert (await people.by_token(await people.token(email))).email == email


async def test_a_token_ends_its_streams_when_its_time_is_over(people: People, rights: Rights) -> None:
    email = await people.user(await people.tenant())
    stream, watch = await follow(rights, Credentials(await people.token(email, minutes=5), None, None))
    people.clock.advance(minutes=5)
    assert watch.ends_at <= people.clock()
    assert await stream.next() is Lost.TOKEN_EXPIRED


async def test_a_stream_that_opens_when_nobody_was_watched_ends_in_time(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    first, second = await people.user(slug), await people.user(slug)
    _, watch = await follow(rights, Credentials(await people.token(first), None, None))
    watch.close()
    await rights.caught_up(await people.directory.identity_number())
    stream, _ = await follow(rights, Credentials(await people.token(second, minutes=5), None, None))
    people.clock.advance(minutes=5)
    assert await stream.next() is Lost.TOKEN_EXPIRED


async def test_a_session_that_nobody_used_ends_its_streams(people: People, rights: Rights) -> None:
    credentials, _ = await by_session(people, await people.user(await people.tenant()))
    stream, _ = await follow(rights, credentials)
    people.clock.advance(hours=24)
    assert await stream.next() is Lost.SESSION_REVOKED


async def test_a_session_that_was_used_meanwhile_keeps_its_streams(people: People, rights: Rights) -> None:
    credentials, secret = await by_session(people, await people.user(await people.tenant()))
    stream, watch = await follow(rights, credentials)
    people.clock.advance(hours=23)
    await people.by_session(secret)
    people.clock.advance(hours=23)
    async with asyncio.timeout(60):
        while watch.ends_at <= people.clock():  # noqa: ASYNC110  # the next look
            await asyncio.sleep(0.01)
    assert stream.told.empty()


async def test_a_change_of_role_changes_the_streams(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="admin")
    stream, watch = await follow(rights, Credentials(await people.token(email), None, None))
    await add_member(people.directory, email, slug, "viewer")
    now = await stream.next()
    assert isinstance(now, Principal)
    assert now.roles == ("viewer",)
    assert watch.principal is now
    assert not now.permissions.allows("customers:pii")


async def test_what_a_role_grants_changes_the_streams_of_all_who_have_it(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    emails = [await people.user(slug, role="manager") for _ in range(3)]
    streams = [(await follow(rights, Credentials(await people.token(email), None, None)))[0] for email in emails]
    await people.run(
        "UPDATE roles SET permissions = '{orders:read}' WHERE name = 'manager' "
        "AND tenant_id = (SELECT id FROM tenants WHERE slug = $1)",
        slug,
    )
    for stream in streams:
        now = await stream.next()
        assert isinstance(now, Principal)
        assert now.permissions.grants == {"orders:read"}


async def test_a_session_that_speaks_for_another_tenant_ends_its_streams(people: People, rights: Rights) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    email = await people.user(first, second)
    credentials, _ = await by_session(people, email)
    own, _ = await follow(rights, credentials)
    chosen, _ = await follow(rights, Credentials(None, credentials.session, first))
    await people.run(
        f"UPDATE sessions SET tenant_id = (SELECT id FROM tenants WHERE slug = $2), expires_at = expires_at + "
        f"interval '1 second' WHERE {_HIS}",
        email,
        second,
    )
    assert await own.next() is Lost.TENANT_SWITCHED
    await add_member(people.directory, email, first, "admin")
    assert isinstance(await chosen.next(), Principal)


async def test_what_happens_to_others_is_not_told(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    mine, theirs = await people.user(slug), await people.user(slug)
    kept, _ = await follow(rights, Credentials(await people.token(mine), None, None))
    lost, _ = await follow(rights, Credentials(await people.token(theirs), None, None))
    await reset(people, theirs, "")
    await lost.next()
    await rights.caught_up(await people.directory.identity_number())
    assert kept.told.empty()


async def test_many_streams_of_one_credential_are_judged_once(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="admin")
    credentials = Credentials(await people.token(email), None, None)
    streams = [(await follow(rights, credentials))[0] for _ in range(5)]
    seen: list[str] = []
    people.directory.observer = seen.append
    await add_member(people.directory, email, slug, "viewer")
    for stream in streams:
        assert isinstance(await stream.next(), Principal)
    assert sum("asked" in sql for sql in seen) == 1


async def test_a_stream_that_is_closed_is_told_nothing(people: People, rights: Rights) -> None:
    email = await people.user(await people.tenant())
    stream, watch = await follow(rights, Credentials(await people.token(email), None, None))
    watch.close()
    watch.close()
    assert rights.callers == 0
    await reset(people, email, "")
    await rights.caught_up(await people.directory.identity_number())
    assert stream.told.empty()


async def test_the_log_waits_until_a_change_before_it_is_judged(people: People, rights: Rights) -> None:
    """What the hub asks with the number that it read: when it goes on the stream knows."""
    email = await people.user(await people.tenant())
    stream, _ = await follow(rights, Credentials(await people.token(email), None, None))
    await reset(people, email, "")
    await rights.caught_up(await people.directory.identity_number())
    assert stream.told.get_nowait() is Lost.SESSION_REVOKED


async def test_a_change_that_was_not_told_is_found_out(people: People, rights: Rights) -> None:
    """As on a connection that died without a word: without its triggers the database tells nobody."""
    email = await people.user(await people.tenant())
    credentials = Credentials(await people.token(email), None, None)
    stream, _ = await follow(rights, credentials)
    await people.run(
        "DO $$ BEGIN SET LOCAL session_replication_role = replica; "
        f"UPDATE users SET credentials_version = 2 WHERE email = '{email}'; "
        "UPDATE identity_head SET number = number + 1; END $$"
    )
    assert await stream.next() is Lost.SESSION_REVOKED
    with pytest.raises(BadToken):
        await rights.authenticator.authenticate(credentials)


async def test_what_happened_while_nobody_listened_is_found_out(people: People, rights: Rights) -> None:
    email = await people.user(await people.tenant())
    stream, _ = await follow(rights, Credentials(await people.token(email), None, None))
    assert await people.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE ANY ('{LISTEN%,SELECT 1 AS heard}') AND datname = current_database()"
    )
    await people.run("UPDATE users SET credentials_version = 2 WHERE email = $1", email)
    assert await stream.next() is Lost.SESSION_REVOKED


async def test_a_caller_who_lost_its_rights_while_it_came_in_is_told_at_once(people: People, rights: Rights) -> None:
    email = await people.user(await people.tenant())
    credentials = Credentials(await people.token(email), None, None)
    principal = await rights.authenticator.authenticate(credentials)
    assert principal is not None
    await reset(people, email, "")
    stream = NotingStream()
    rights.watch(credentials, principal, stream)
    await rights.caught_up(await people.directory.identity_number())
    assert stream.told.get_nowait() is Lost.SESSION_REVOKED


async def test_a_new_credential_keeps_a_stream_over_the_end_of_the_old(people: People, rights: Rights) -> None:
    email = await people.user(await people.tenant())
    stream, watch = await follow(rights, Credentials(await people.token(email, minutes=5), None, None))
    fresh = Credentials(await people.token(email, minutes=60), None, None)
    principal = await rights.authenticator.authenticate(fresh)
    assert principal is not None
    assert watch.renew(rights.authenticator.claim(fresh), principal)
    assert rights.callers == 1
    people.clock.advance(minutes=6)
    other, _ = await follow(rights, Credentials(await people.token(email, minutes=1), None, None))
    people.clock.advance(minutes=2)
    assert await other.next() is Lost.TOKEN_EXPIRED
    assert stream.told.empty()
    people.clock.advance(minutes=60)
    assert await stream.next() is Lost.TOKEN_EXPIRED


async def test_nobody_else_renews_a_stream(people: People, rights: Rights) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    mine, theirs = await people.user(first, second), await people.user(first)
    _, watch = await follow(rights, Credentials(await people.token(mine, first), None, None))
    before = watch.ends_at
    for token in (await people.token(theirs, first, minutes=60), await people.token(mine, second, minutes=60)):
        credentials = Credentials(token, None, None)
        principal = await rights.authenticator.authenticate(credentials)
        assert principal is not None
        assert not watch.renew(rights.authenticator.claim(credentials), principal)
    assert watch.ends_at == before
    assert rights.callers == 1
