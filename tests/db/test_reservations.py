"""A reservation is its holder's alone, is claimed once, and ends by itself: in one process as in Redis."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from db import redis_reservations, reservations
from db.errors import Duplicate, NoSuchReservation, ReservationTaken, TooMany
from db.redis_client import RedisClient, redis_client
from db.redis_reservations import RedisReservations
from db.reservations import (
    KEPT_CHARACTERS,
    KEPT_OPERATIONS,
    UNCLAIMED_OF_USER,
    Holder,
    MemoryReservations,
    Reservations,
    key_of,
)
from tests.support.redis import RedisServer
from tests.support.waiting import until_answered


@pytest.fixture(params=["memory", "redis"])
async def kept(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Reservations]:
    async with redis_client(redis.url) as client:
        yield RedisReservations(client) if request.param == "redis" else MemoryReservations()


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[RedisClient]:
    async with redis_client(redis.url) as client:
        yield client


@pytest.fixture
def holder() -> Holder:
    return Holder(uuid4().hex, uuid4().hex, "a session")


def others(holder: Holder) -> list[Holder]:
    """Everybody who is not quite the holder."""
    return [
        replace(holder, user_id=uuid4().hex),
        replace(holder, tenant_id=uuid4().hex),
        replace(holder, session="another session"),
        replace(holder, session=None),
    ]


async def made(kept: Reservations, holder: Holder, resume_after: str | None = None) -> str:
    """The key of a new reservation."""
    return key_of(await kept.make(holder, resume_after))


async def is_gone(kept: Reservations, key: str, holder: Holder) -> bool:
    try:
        await kept.find(key, holder)
    except NoSuchReservation:
        return True
    return False


async def test_tokens_are_256_bits_and_never_twice_the_same(kept: Reservations, holder: Holder) -> None:
    tokens = {await kept.make(holder, None) for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}


async def test_it_waits_unclaimed_and_then_has_an_owner(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder, "an id")
    waiting = await kept.find(key, holder)
    assert (waiting.owner, waiting.resume_after) == (None, "an id")
    assert 0 <= waiting.age < 5
    claim = await kept.claim(key, holder, "me")
    assert (claim.reservation.owner, claim.reservation.resume_after, claim.kept) == ("me", "an id", ())
    assert (await kept.find(key, holder)).owner == "me"


async def test_a_second_claim_is_refused(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    await kept.claim(key, holder, "me")
    for owner in ("me", "another worker"):
        with pytest.raises(ReservationTaken):
            await kept.claim(key, holder, owner)


async def test_of_many_claims_at_once_one_wins(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    claims = [kept.claim(key, holder, f"worker {number}") for number in range(20)]
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(not isinstance(each, ReservationTaken) for each in outcomes) == 1


async def test_for_others_it_does_not_exist_and_their_tries_change_nothing(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    for claimed in (False, True):
        for other in others(holder):
            for attempt in (
                kept.find(key, other),
                kept.claim(key, other, "thief"),
                kept.keep(key, other, "op", "text"),
                kept.drop(key, other, "op"),
            ):
                with pytest.raises(NoSuchReservation):
                    await attempt
        if not claimed:
            assert (await kept.claim(key, holder, "me")).kept == ()
    assert (await kept.find(key, holder)).owner == "me"


@pytest.mark.parametrize("token", ["", "x", "A" * 42, "A" * 44, "é" * 43, "A" * 1_000_000])
def test_what_is_no_token_is_unknown(token: str) -> None:
    with pytest.raises(NoSuchReservation):
        key_of(token)


async def test_a_token_that_nobody_made_is_unknown(kept: Reservations, holder: Holder) -> None:
    with pytest.raises(NoSuchReservation):
        await kept.find(key_of("A" * 43), holder)


async def test_a_released_one_is_over(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    await kept.claim(key, holder, "me")
    await kept.release(key, holder, "me")
    with pytest.raises(NoSuchReservation):
        await kept.claim(key, holder, "me")


async def test_a_user_has_so_many_unclaimed_and_no_more(kept: Reservations, holder: Holder) -> None:
    keys = [await made(kept, holder) for _ in range(UNCLAIMED_OF_USER)]
    with pytest.raises(TooMany):
        await kept.make(holder, None)
    await kept.make(replace(holder, user_id=uuid4().hex), None)  # somebody else is not held up
    await kept.claim(keys[7], holder, "me")
    await kept.make(holder, None)


async def test_what_is_kept_is_handed_to_who_claims_it_in_its_order(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    for number in range(12):
        await kept.keep(key, holder, f"op {number}", f"text {number}")
    await kept.drop(key, holder, "op 3")
    await kept.drop(key, holder, "never kept")
    claim = await kept.claim(key, holder, "me")
    assert claim.kept == tuple(f"text {number}" for number in range(12) if number != 3)
    with pytest.raises(ReservationTaken):
        await kept.keep(key, holder, "late", "text")
    with pytest.raises(ReservationTaken):
        await kept.drop(key, holder, "late")


async def test_an_operation_id_is_kept_once(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    await kept.keep(key, holder, "op\n\u2028", "first")
    with pytest.raises(Duplicate):
        await kept.keep(key, holder, "op\n\u2028", "second")
    assert (await kept.claim(key, holder, "me")).kept == ("first",)


async def test_what_is_kept_is_bounded_in_number(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    for number in range(KEPT_OPERATIONS):
        await kept.keep(key, holder, str(number), "x")
    with pytest.raises(TooMany):
        await kept.keep(key, holder, "one more", "x")
    assert len((await kept.claim(key, holder, "me")).kept) == KEPT_OPERATIONS


async def test_what_is_kept_is_bounded_in_length(kept: Reservations, holder: Holder) -> None:
    key = await made(kept, holder)
    await kept.keep(key, holder, "large", "x" * (KEPT_CHARACTERS - 1))
    with pytest.raises(TooMany):
        await kept.keep(key, holder, "larger", "xx")
    await kept.keep(key, holder, "fits", "x")


@pytest.fixture
def short_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reservations, redis_reservations):
        monkeypatch.setattr(module, "UNCLAIMED_SECONDS", 0.2)
        monkeypatch.setattr(module, "LEASE_SECONDS", 0.2, raising=False)


async def test_unclaimed_it_ends_by_itself(kept: Reservations, holder: Holder, short_lives: None) -> None:
    key = await made(kept, holder)
    await until_answered(lambda: is_gone(kept, key, holder))
    with pytest.raises(NoSuchReservation):
        await kept.claim(key, holder, "late")


async def test_one_that_ended_makes_room_for_another(kept: Reservations, holder: Holder, short_lives: None) -> None:
    last = [await made(kept, holder) for _ in range(UNCLAIMED_OF_USER)][-1]
    await until_answered(lambda: is_gone(kept, last, holder))
    await kept.make(holder, None)


async def test_the_lease_of_a_dead_worker_ends(client: RedisClient, holder: Holder, short_lives: None) -> None:
    kept = RedisReservations(client)
    key = await made(kept, holder)
    await kept.claim(key, holder, "a worker that dies")
    await until_answered(lambda: is_gone(kept, key, holder))


async def test_a_renewed_lease_lasts_and_one_that_redis_forgot_is_made_anew(
    redis: RedisServer, client: RedisClient, holder: Holder
) -> None:
    kept = RedisReservations(client)
    key = await made(kept, holder)
    await kept.claim(key, holder, "me")
    async with redis.client() as outside:
        (name,) = await outside.keys(f"*{key}")
        await outside.delete(name)
        assert await is_gone(kept, key, holder)
        await kept.renew({key: holder}, "me")
        assert (await kept.find(key, holder)).owner == "me"
        assert 0 < await outside.pttl(name) <= 15_000


async def test_nobody_releases_what_another_worker_owns(client: RedisClient, holder: Holder) -> None:
    kept = RedisReservations(client)
    key = await made(kept, holder)
    await kept.claim(key, holder, "me")
    await kept.release(key, holder, "another")
    assert (await kept.find(key, holder)).owner == "me"


async def test_redis_holds_hashes_with_the_tenants_name_and_an_end(
    redis: RedisServer, client: RedisClient, holder: Holder
) -> None:
    kept = RedisReservations(client)
    token = await kept.make(holder, None)
    await kept.keep(key_of(token), holder, "op", "text")
    async with redis.client() as outside:
        names = await outside.keys(f"*{holder.tenant_id}*")
        assert len(names) == 3
        assert all(str(name).startswith(f"tidegate:{{{holder.tenant_id}}}:") for name in names)
        assert all([await outside.pttl(name) > 0 for name in names])
        everything = str([await outside.keys("*"), await outside.hgetall(f"tidegate:{{{holder.tenant_id}}}:x")])
        rows = [await outside.hgetall(name) for name in names if await outside.type(name) == "hash"]
    assert token not in everything + str(rows)
    assert any(hashlib.sha256(token.encode()).hexdigest() in name for name in names)


async def test_one_process_holds_so_many_and_no_more(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reservations, "UNCLAIMED_OF_PROCESS", 3)
    kept = MemoryReservations()
    for _ in range(3):
        await kept.make(replace(holder, user_id=uuid4().hex), None)
    with pytest.raises(TooMany):
        await kept.make(holder, None)
