"""Callers are known for seconds, and forgotten the moment anything about them changes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth import principal_cache
from auth.authenticate import Authenticator, Credentials
from auth.errors import Unauthenticated
from auth.permissions import PermissionSet
from auth.principal import Person, Principal
from auth.principal_cache import SECONDS, PrincipalCache
from auth.rights import open_rights
from db.tenancy import TenantId
from tests.support.people import KEYRING, People

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ALICE = Principal("a" * 32, "a@b.example", "A", TenantId("1" * 32), "t", "T", (), PermissionSet.of([]), "v", None, None)


def test_a_caller_is_known_for_seconds_only() -> None:
    cache = PrincipalCache(lambda: True)
    cache.put("key", ALICE, NOW, cache.mark())
    assert cache.get("key", NOW) is ALICE
    assert cache.get("key", NOW + timedelta(seconds=SECONDS)) is None


def test_a_caller_is_not_known_beyond_the_end_of_its_credentials() -> None:
    cache = PrincipalCache(lambda: True)
    cache.put("key", replace(ALICE, expires_at=NOW + timedelta(seconds=1)), NOW, cache.mark())
    assert cache.get("key", NOW + timedelta(seconds=1)) is None


def test_what_was_asked_before_a_change_is_not_kept_after_it() -> None:
    cache = PrincipalCache(lambda: True)
    mark = cache.mark()
    cache.forget("b" * 32)
    cache.put("key", ALICE, NOW, mark)
    assert cache.get("key", NOW) is None


def test_nothing_is_known_while_nothing_is_heard() -> None:
    hears = True
    cache = PrincipalCache(lambda: hears)
    cache.put("key", ALICE, NOW, cache.mark())
    hears = False
    assert cache.get("key", NOW) is None


def test_only_the_user_who_changed_is_forgotten() -> None:
    cache = PrincipalCache(lambda: True)
    bob = replace(ALICE, user_id="b" * 32)
    cache.put("alice", ALICE, NOW, cache.mark())
    cache.put("bob", bob, NOW, cache.mark())
    cache.forget(bob.user_id)
    assert cache.get("alice", NOW) is ALICE
    assert cache.get("bob", NOW) is None
    cache.forget("*")
    assert cache.get("alice", NOW) is None


def test_a_credential_that_is_somebody_elses_now_is_forgotten_with_that_one() -> None:
    cache = PrincipalCache(lambda: True)
    bob = replace(ALICE, user_id="b" * 32, acting_for=Person("c" * 32, "c@b.example", "C"))
    for caller in (ALICE, bob):
        cache.put("key", caller, NOW, cache.mark())
    cache.forget(ALICE.user_id)
    assert cache.get("key", NOW) is bob
    cache.forget("c" * 32)
    assert cache.get("key", NOW) is None


def test_the_oldest_goes_when_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(principal_cache, "SIZE", 2)
    cache = PrincipalCache(lambda: True)
    for key in "abca":
        cache.put(key, ALICE, NOW, cache.mark())
    assert [cache.get(key, NOW) for key in "abc"] == [ALICE, None, ALICE]
    cache.forget(ALICE.user_id)
    assert [cache.get(key, NOW) for key in "abc"] == [None, None, None]


@pytest.fixture
async def remembering(people: People) -> AsyncIterator[Authenticator]:
    """An authenticator with a cache, as the server has it."""
    rights = await open_rights(people.directory, KEYRING, people.clock)
    yield rights.authenticator
    await rights.stop()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Well before the seconds that a caller is known: the clock of the test stands still."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110  what is waited for happens in another connection
            await asyncio.sleep(0.005)


async def until_refused(authenticator: Authenticator, credentials: Credentials) -> None:
    async def refused() -> bool:
        try:
            await authenticator.authenticate(credentials)
        except Unauthenticated:
            return True
        return False

    await until(refused)


async def test_a_known_caller_costs_no_statement(people: People, remembering: Authenticator) -> None:
    credentials = Credentials(await people.token(await people.user(await people.tenant())), None, None)
    first = await remembering.authenticate(credentials)
    seen: list[str] = []
    people.directory.observer = seen.append
    assert await remembering.authenticate(credentials) is first
    assert not [sql for sql in seen if "users" in sql]  # the watch over rights looks by itself too


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET disabled_at = now() WHERE email = $1",
        "DELETE FROM users WHERE email = $1",
        "DELETE FROM memberships WHERE user_id = (SELECT id FROM users WHERE email = $1)",
        "UPDATE sessions SET revoked_at = now() WHERE user_id = (SELECT id FROM users WHERE email = $1)",
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = $1)",
    ],
)
async def test_a_session_ends_at_once_whoever_ends_it(people: People, remembering: Authenticator, change: str) -> None:
    email = await people.user(await people.tenant())
    credentials = Credentials(None, (await people.sign_in(email)).secret, None)
    await remembering.authenticate(credentials)
    await people.run(change, email)
    await until_refused(remembering, credentials)


async def test_a_change_of_role_counts_at_once(people: People, remembering: Authenticator) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="admin")
    credentials = Credentials(await people.token(email), None, None)
    before = await remembering.authenticate(credentials)
    assert before is not None
    assert before.permissions.allows("orders:write")
    change = "UPDATE roles SET permissions = '{}' WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)"
    await people.run(change, slug)

    async def without_grants() -> bool:
        now = await remembering.authenticate(credentials)
        return now is not None and not now.permissions.grants

    await until(without_grants)


async def test_being_seen_forgets_nobody(people: People, remembering: Authenticator) -> None:
    email = await people.user(await people.tenant())
    credentials = Credentials(None, (await people.sign_in(email)).secret, None)
    first = await remembering.authenticate(credentials)
    await people.run(
        "UPDATE sessions SET seen_at = now() WHERE user_id = (SELECT id FROM users WHERE email = $1)", email
    )
    await asyncio.sleep(0.05)
    assert await remembering.authenticate(credentials) is first


async def test_many_who_come_at_once_with_one_token_are_one_question(
    people: People, remembering: Authenticator
) -> None:
    token = await people.token(await people.user(await people.tenant()))
    asked: list[str] = []
    people.directory.observer = asked.append
    callers = await asyncio.gather(*(remembering.authenticate(Credentials(token, None, None)) for _ in range(200)))
    assert len({id(caller) for caller in callers}) == 1
    assert len([sql for sql in asked if "users" in sql]) == 1, asked  # the watch over rights looks by itself too
