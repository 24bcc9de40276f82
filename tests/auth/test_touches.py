"""The last use of sessions and keys: noted at once, written behind the request."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from auth.authenticate import Authenticator, Credentials
from auth.principal_cache import PrincipalCache
from auth.sessions import TOUCHED_EVERY, hash_of
from auth.touches import Touches
from db.errors import DatabaseAway
from tests.support.people import KEYRING, People


@pytest.fixture
async def statements(people: People) -> AsyncIterator[list[str]]:
    """What is sent to the directory."""
    seen: list[str] = []
    people.directory.observer = seen.append
    yield seen
    people.directory.observer = None


async def seen_at(people: People, secret: str) -> object:
    row = await people.directory.sessions.find(hash_of(secret) or b"")
    assert row is not None
    return row["seen_at"]


async def test_a_request_writes_nothing_and_its_use_is_written_behind_it(people: People, statements: list[str]) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    people.clock.advance(minutes=1)
    authenticator = people.authenticator
    statements.clear()
    await authenticator.authenticate(Credentials(None, secret, None))
    assert [each.split()[0] for each in statements] == ["SELECT"]
    await authenticator.touches.write()
    assert await seen_at(people, secret) == people.clock()
    statements.clear()
    await authenticator.touches.write()
    assert statements == []


async def test_a_known_session_in_use_is_noted_once_a_minute(people: People, statements: list[str]) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    cache = PrincipalCache(lambda: True)
    authenticator = Authenticator(people.directory, KEYRING, people.clock, cache)
    statements.clear()
    for _ in range(200):
        people.clock.advance(seconds=1)
        await authenticator.authenticate(Credentials(None, secret, None))
        await authenticator.touches.write()
    assert sum("UPDATE sessions" in each for each in statements) == 3


async def test_what_could_not_be_written_waits_for_the_next_time(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    id_hash, touches = hash_of(secret) or b"", Touches(people.directory)
    began = people.clock()
    people.clock.advance(minutes=1)
    touches.note_session(id_hash, began, people.clock())

    def cut(_: str) -> None:
        raise DatabaseAway("cut")

    people.directory.observer = cut
    with pytest.raises(DatabaseAway):
        await touches.write()
    people.directory.observer = None
    assert await seen_at(people, secret) == began
    await touches.write()
    assert await seen_at(people, secret) == people.clock()


async def test_what_waits_is_written_when_the_process_ends(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    touches = Touches(people.directory)
    people.clock.advance(minutes=5)
    touches.note_session(hash_of(secret) or b"", people.clock() - TOUCHED_EVERY, people.clock())
    task = asyncio.create_task(touches.run())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await seen_at(people, secret) == people.clock()
