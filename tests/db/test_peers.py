"""Nonces of signed requests: each taken once by each peer, and kept no longer than it has to be."""

import asyncio
from datetime import timedelta

from db.directory import Directory
from db.ids import new_id
from tests.support.clock import HandClock

MINUTES = timedelta(minutes=2)


async def admit(directory: Directory, clock: HandClock, nonce: bytes, peer: str = "north") -> bool:
    row = await directory.peers.admit(peer, nonce, clock() + MINUTES, email="nobody@db.example", slug="nowhere")
    assert (row["user_id"], row["tenant_id"]) == (None, None)
    return bool(row["fresh"])


async def test_a_nonce_is_fresh_once_for_each_peer(directory: Directory, clock: HandClock) -> None:
    nonce = new_id().encode()
    outcomes = await asyncio.gather(*(admit(directory, clock, nonce) for _ in range(5)))
    assert sorted(outcomes) == [False, False, False, False, True]
    assert await admit(directory, clock, nonce, "south")


async def test_what_is_over_is_forgotten(directory: Directory, clock: HandClock) -> None:
    nonce = new_id().encode()
    assert await admit(directory, clock, nonce)
    clock.advance(minutes=3)
    assert await admit(directory, clock, new_id().encode())
    assert await admit(directory, clock, nonce)


async def test_many_at_once_drop_what_is_over_without_waiting_for_each_other(
    directory: Directory, clock: HandClock
) -> None:
    for _ in range(30):
        assert await admit(directory, clock, new_id().encode())
    clock.advance(minutes=3)
    assert all(await asyncio.gather(*(admit(directory, clock, new_id().encode()) for _ in range(20))))
