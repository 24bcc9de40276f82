"""Sessions: made, found, rotated, listed and ended; and what the database tells of it."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from db.directory import IDENTITY_CHANNEL, Directory
from db.ids import new_id
from tests.db.test_directory import ROLES, new_member, new_session, new_slug
from tests.support.clock import HandClock
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def new_hash() -> bytes:
    return uuid4().bytes * 2


async def test_a_session_comes_with_its_user_and_membership_in_one_statement(
    directory: Directory, clock: HandClock
) -> None:
    id_hash, user = await new_session(directory, clock)
    seen: list[str] = []
    directory.observer = seen.append
    row = await directory.sessions.find(id_hash)
    assert row is not None
    assert (row["user_id"], row["roles"], row["seen_at"], row["revoked_at"]) == (user, ["viewer"], clock(), None)
    assert len(seen) == 1


async def test_a_session_of_a_user_that_changed_meanwhile_is_not_made(directory: Directory, clock: HandClock) -> None:
    user_id, tenant = await new_member(directory)
    user = await directory.user_by_id(user_id)
    assert user is not None
    await directory.set_password(user_id, "another hash")
    assert not await directory.sessions.create(b"y" * 32, user, tenant, clock())
    assert await directory.sessions.find(b"y" * 32) is None


async def test_a_session_is_revoked_once(directory: Directory, clock: HandClock) -> None:
    id_hash, _ = await new_session(directory, clock)
    assert await directory.sessions.revoke(id_hash)
    row = await directory.sessions.find(id_hash)
    assert row is not None
    assert row["revoked_at"] == clock()
    clock.advance(minutes=1)
    assert not await directory.sessions.revoke(id_hash)


async def test_a_new_password_revokes_all_sessions_of_its_user_alone(directory: Directory, clock: HandClock) -> None:
    mine, user = await new_session(directory, clock)
    others, _ = await new_session(directory, clock)
    await directory.set_password(user, "new hash")
    revoked = [row["revoked_at"] for h in (mine, others) if (row := await directory.sessions.find(h)) is not None]
    assert revoked == [clock(), None]
    row = await directory.user_by_id(user)
    assert row is not None
    assert (row["password_hash"], row["version"]) == ("new hash", 2)


async def test_all_sessions_of_a_user_are_revoked_and_counted(directory: Directory, clock: HandClock) -> None:
    _, user = await new_session(directory, clock)
    assert await directory.sessions.revoke_others(user) == 1
    assert await directory.sessions.revoke_others(user) == 0


async def test_use_is_noted_no_more_often_than_asked_for(directory: Directory, clock: HandClock) -> None:
    id_hash, _ = await new_session(directory, clock)
    began = clock()
    for seconds, noted in ((59, 0), (1, 60), (30, 60), (30, 120)):
        clock.advance(seconds=seconds)
        await directory.sessions.touch({id_hash: clock()}, MINUTE)
        row = await directory.sessions.find(id_hash)
        assert row is not None
        assert row["seen_at"] == began + timedelta(seconds=noted)


async def test_use_is_noted_for_many_at_once_and_never_backwards(directory: Directory, clock: HandClock) -> None:
    hashes = [(await new_session(directory, clock))[0] for _ in range(3)]
    began = clock()
    used = {each: began + timedelta(minutes=place) for place, each in enumerate(hashes)}
    await directory.sessions.touch({**used, new_hash(): began}, MINUTE)
    await directory.sessions.touch(dict.fromkeys(hashes, began - DAY), MINUTE)
    rows = [await directory.sessions.find(each) for each in hashes]
    assert [row and row["seen_at"] for row in rows] == list(used.values())


async def test_use_of_a_session_that_is_being_written_is_passed_over(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection
) -> None:
    id_hash, _ = await new_session(directory, clock)
    async with superuser.transaction():
        await superuser.execute("SELECT FROM sessions WHERE id_hash = $1 FOR UPDATE", id_hash)
        await directory.sessions.touch({id_hash: clock() + DAY}, MINUTE)
    row = await directory.sessions.find(id_hash)
    assert row is not None
    assert row["seen_at"] == clock()


async def test_a_rotated_session_is_the_same_under_another_hash(directory: Directory, clock: HandClock) -> None:
    old, _ = await new_session(directory, clock)
    before = await directory.sessions.find(old)
    new = new_hash()
    clock.advance(minutes=5)
    session_id = await directory.sessions.rotate(old, new, "because", {})
    after = await directory.sessions.find(new)
    assert before is not None
    assert after is not None
    assert session_id == before["session_id"] == after["session_id"]
    changed = {name for name in before.keys() if before[name] != after[name]}  # noqa: SIM118  a record
    assert changed == {"id_hash", "seen_at"}
    assert await directory.sessions.find(old) is None
    assert await directory.sessions.replaced([old, new, new_hash()]) == {old: "because"}


async def test_a_rotation_changes_columns_with_it(directory: Directory, clock: HandClock) -> None:
    old, user = await new_session(directory, clock)
    other = await directory.create_tenant(new_slug(), "Other", ROLES)
    await directory.put_membership(other, user, "admin")
    new = new_hash()
    assert await directory.sessions.rotate(old, new, "because", {"tenant_id": other})
    row = await directory.sessions.find(new)
    assert row is not None
    assert (row["tenant_id"], row["roles"]) == (other, ["admin"])


@pytest.mark.parametrize("how", ["revoked", "rotated before", "expired", "never was"])
async def test_what_no_longer_lives_is_not_rotated(directory: Directory, clock: HandClock, how: str) -> None:
    old, new = (await new_session(directory, clock))[0], new_hash()
    if how == "revoked":
        await directory.sessions.revoke(old)
    elif how == "rotated before":
        await directory.sessions.rotate(old, new_hash(), "first", {})
    elif how == "expired":
        clock.advance(days=1)
    else:
        old = new_hash()
    assert await directory.sessions.rotate(old, new, "second", {}) is None
    assert await directory.sessions.find(new) is None
    assert await directory.sessions.replaced([old]) == ({old: "first"} if how == "rotated before" else {})


async def test_one_session_is_revoked_by_its_owner_alone(directory: Directory, clock: HandClock) -> None:
    id_hash, user = await new_session(directory, clock)
    _, stranger = await new_session(directory, clock)
    row = await directory.sessions.find(id_hash)
    assert row is not None
    assert await directory.sessions.revoke_one(stranger, row["session_id"]) is None
    assert await directory.sessions.revoke_one(user, new_id()) is None
    revoked = await directory.sessions.revoke_one(user, row["session_id"])
    assert revoked is not None
    assert (revoked["id_hash"], revoked["revoked_at"]) == (id_hash, clock())
    assert await directory.sessions.revoke_one(user, row["session_id"]) is None


async def test_all_sessions_but_one_are_revoked(directory: Directory, clock: HandClock) -> None:
    user_id, tenant = await new_member(directory)
    user = await directory.user_by_id(user_id)
    assert user is not None
    ids = [await directory.sessions.create(new_hash(), user, tenant, clock() + DAY) for _ in range(3)]
    assert await directory.sessions.revoke_others(user_id, ids[1]) == 2
    living = await directory.sessions.living(user_id, clock() - DAY, clock() - DAY)
    assert [row["id"] for row in living] == [ids[1]]


async def test_the_living_are_listed_used_last_first(directory: Directory, clock: HandClock) -> None:
    user_id, tenant = await new_member(directory)
    user = await directory.user_by_id(user_id)
    assert user is not None
    hashes = [new_hash() for _ in range(5)]
    for each in hashes:
        assert await directory.sessions.create(each, user, tenant, clock() + 3 * DAY, "agent", "203.0.113.1")
    dead, idle, first, last, short = hashes
    await directory.sessions.revoke(dead)
    await directory.sessions.rotate(short, new_hash(), "because", {"expires_at": clock() + MINUTE})
    clock.advance(hours=12)
    await directory.sessions.touch({first: clock()}, MINUTE)
    clock.advance(minutes=1)
    await directory.sessions.touch({last: clock()}, MINUTE)
    listed = await directory.sessions.living(user_id, clock() - 2 * DAY, clock() - timedelta(hours=1))
    assert [row["id_hash"] for row in listed] == [last, first]
    assert idle not in [row["id_hash"] for row in listed]
    assert await directory.sessions.living(user_id, clock() - timedelta(hours=1), clock() - DAY) == []


async def test_every_change_of_a_session_is_told_and_numbered_but_that_of_its_use(
    directory: Directory, clock: HandClock, superuser: asyncpg.Connection
) -> None:
    id_hash, user = await new_session(directory, clock)
    told: list[str] = []
    await directory.listen(IDENTITY_CHANNEL, told.append)
    number = await directory.identity_number()
    await directory.sessions.touch({id_hash: clock() + DAY}, MINUTE)
    await directory.sessions.rotate(id_hash, id_hash[::-1], "because", {})
    await until(lambda: f"#{number + 1}" in told)
    assert told == [user, f"#{number + 1}"]
    assert await directory.identity_number() == number + 1
    await superuser.execute("DELETE FROM users WHERE id = $1::text::uuid", user)
    assert await directory.sessions.replaced([id_hash]) == {}
