"""A follower gets every event after its position, in order, each once, whatever happens to wake-ups and connections."""

import asyncio
from contextlib import aclosing

import pytest

from db.errors import CursorExpired
from db.events import Position
from db.hub import BATCH, CHANNEL, NOTHING, TAIL
from db.ids import new_id
from db.tenancy import TenantId
from tests.support.followers import (
    SOON,
    START,
    another_process,
    followed,
    following,
    hub_on,
    nothing_comes,
    numbers,
    take,
    write,
)
from tests.support.plant import NOON, Floor


async def test_a_follower_gets_what_is_committed_after_its_position(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub, following(hub, fresh_floor) as stream:
        waiting = asyncio.create_task(take(stream, 16))
        for _ in range(3):
            await write(fresh_floor.database, fresh_floor.mine)
        assert await waiting == [14, 15, 16]


async def test_a_follower_gets_what_it_missed_before_what_comes(fresh_floor: Floor) -> None:
    async with (
        hub_on(fresh_floor.database) as hub,
        following(hub, fresh_floor, Position(11, NOON)) as stream,
    ):
        assert await take(stream, 13) == [12, 13]
        await write(fresh_floor.database, fresh_floor.mine)
        assert await take(stream, 14) == [14]


async def test_a_follower_of_one_tenant_hears_nothing_of_another(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub, following(hub, fresh_floor) as stream:
        waiting = asyncio.create_task(nothing_comes(stream))
        await write(fresh_floor.database, TenantId(new_id()))
        assert await waiting


async def test_two_followers_get_the_same_events_in_one_reading(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub:
        async with (
            following(hub, fresh_floor) as one,
            following(hub, fresh_floor) as other,
        ):
            waiting = [asyncio.create_task(take(stream, 14)) for stream in (one, other)]
            await followed(hub, 2)
            await asyncio.sleep(SOON)
            reads: list[str] = []
            fresh_floor.database.observer = reads.append
            await write(fresh_floor.database, fresh_floor.mine)
            assert await asyncio.gather(*waiting) == [[14], [14]]
        assert sum("FROM event_log" in sql for sql in reads) == 1


async def test_a_follower_far_behind_the_tail_reads_the_log_and_joins_it(fresh_floor: Floor) -> None:
    behind = TAIL + BATCH + 7
    async with hub_on(fresh_floor.database) as hub, following(hub, fresh_floor) as near:
        arriving = asyncio.create_task(take(near, 13 + behind))
        for count in (TAIL // 2, TAIL // 2, BATCH, 7):
            await write(fresh_floor.database, fresh_floor.mine, count)
        assert await arriving == numbers(14, 13 + behind)
        async with following(hub, fresh_floor) as far:
            assert await take(far, 13 + behind) == numbers(14, 13 + behind)
            await write(fresh_floor.database, fresh_floor.mine)
            assert await take(far, 14 + behind) == [14 + behind]


async def test_a_slow_follower_is_only_late(fresh_floor: Floor) -> None:
    async with (
        hub_on(fresh_floor.database) as hub,
        following(hub, fresh_floor) as slow,
        following(hub, fresh_floor) as quick,
    ):
        await write(fresh_floor.database, fresh_floor.mine)
        assert await take(slow, 14) == [14]
        arriving = asyncio.create_task(take(quick, 14 + TAIL + BATCH))
        for count in (TAIL, BATCH):
            await write(fresh_floor.database, fresh_floor.mine, count)
        await arriving
        assert await take(slow, 14 + TAIL + BATCH) == numbers(15, 14 + TAIL + BATCH)


async def test_when_all_tails_together_hold_too_much_each_holds_little_and_nobody_misses_anything(
    fresh_floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.hub.TAILS", 50)
    monkeypatch.setattr("db.hub.SHORT_TAIL", 7)
    async with (
        hub_on(fresh_floor.database) as hub,
        following(hub, fresh_floor) as slow,
        following(hub, fresh_floor) as quick,
    ):
        for number in range(30):
            await write(fresh_floor.database, fresh_floor.mine, 3)
            assert (await take(quick, 16 + 3 * number))[-1] == 16 + 3 * number
            assert hub._kept <= 50
        (channel,) = hub._channels.values()
        assert len(channel.tail) == hub._kept
        assert await take(slow, 103) == numbers(14, 103)
    assert hub._kept == 0


async def test_a_batch_is_never_larger_than_its_bound(fresh_floor: Floor) -> None:
    await write(fresh_floor.database, fresh_floor.mine, BATCH + 1)
    async with hub_on(fresh_floor.database) as hub, following(hub, fresh_floor) as stream:
        assert len(await anext(stream)) == BATCH


async def test_a_commit_of_another_process_arrives_by_its_wake_up(fresh_floor: Floor) -> None:
    async with (
        another_process(fresh_floor) as other,
        hub_on(other),
        hub_on(fresh_floor.database) as hub,
        following(hub, fresh_floor) as stream,
    ):
        waiting = asyncio.create_task(take(stream, 15))
        await asyncio.sleep(SOON)
        await write(other, fresh_floor.mine)
        await write(other, fresh_floor.mine)
        assert await waiting == [14, 15]


async def test_a_lost_wake_up_is_made_good_by_the_poll(fresh_floor: Floor) -> None:
    async with (
        another_process(fresh_floor) as mute,
        hub_on(fresh_floor.database, poll_seconds=SOON) as hub,
        following(hub, fresh_floor) as stream,
    ):
        waiting = asyncio.create_task(take(stream, 14))
        await asyncio.sleep(SOON)
        await write(mute, fresh_floor.mine)  # without a hub nobody tells of it
        assert await waiting == [14]


@pytest.mark.parametrize(
    "lie",
    [
        *("{tenant}:999999999", "{tenant}:0", "{tenant}:-1", "{tenant}:", ":", "", "x:y,z", "\U0001f600:1"),
        *("{tenant}:\u00b2", "{tenant}:\u0663", "{tenant}:" + "9" * 5_000),
    ],
)
async def test_a_lie_wakes_once_and_harms_nothing(fresh_floor: Floor, lie: str) -> None:
    async with hub_on(fresh_floor.database) as hub, following(hub, fresh_floor) as stream:
        waiting = asyncio.create_task(take(stream, 15))
        await asyncio.sleep(SOON)
        reads: list[str] = []
        fresh_floor.database.observer = reads.append
        await fresh_floor.database.directory.notify(CHANNEL, lie.format(tenant=fresh_floor.mine.hex))
        await asyncio.sleep(0.1)
        assert len(reads) <= 2
        async with another_process(fresh_floor) as other, hub_on(other):
            await write(other, fresh_floor.mine)
            await write(other, fresh_floor.mine)
            assert await waiting == [14, 15]


async def test_leaving_frees_the_channel(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database, poll_seconds=SOON) as hub:
        for _ in range(3):
            streams = [hub.follow(fresh_floor.mine, Position(11, NOON)) for _ in range(4)]
            for stream in streams:
                await anext(stream)
            assert hub.followers == 4
            for stream in streams:
                await stream.aclose()
            assert hub.followers == 0
        reads: list[str] = []
        fresh_floor.database.observer = reads.append
        await write(fresh_floor.database, fresh_floor.mine)
        await asyncio.sleep(2 * SOON)
        assert not any("FROM event_log" in sql for sql in reads)


async def test_a_follower_that_is_cancelled_while_waiting_leaves(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub:
        task = asyncio.create_task(take(hub.follow(fresh_floor.mine, START), 99))
        await followed(hub)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert hub.followers == 0


async def test_stopping_the_hub_ends_its_followers(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub:
        waiting = asyncio.create_task(take(hub.follow(fresh_floor.mine, START), 99))
        await followed(hub)
        await hub.stop()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_no_connection_is_held_while_waiting(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub:
        tasks = [asyncio.create_task(take(hub.follow(fresh_floor.mine, START), 14)) for _ in range(30)]
        await followed(hub, 30)
        await asyncio.sleep(SOON)
        assert fresh_floor.database.pool.in_use == 0
        await write(fresh_floor.database, fresh_floor.mine)
        assert await asyncio.gather(*tasks) == [[14]] * 30


async def test_a_position_that_the_log_no_longer_reaches_is_expired(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub:
        for position in (NOTHING, Position(9, NOON)):
            async with following(hub, fresh_floor, position) as stream:
                with pytest.raises(CursorExpired):
                    await anext(stream)
        async with following(hub, fresh_floor, Position(10, NOON)) as stream:
            assert await take(stream, 13) == [11, 12, 13]
        assert hub.followers == 0


async def test_a_log_that_was_pruned_whole_expires_what_came_before(fresh_floor: Floor) -> None:
    await fresh_floor.raw("DELETE FROM event_log")
    async with hub_on(fresh_floor.database) as hub:
        async with following(hub, fresh_floor, Position(12, NOON)) as stream:
            with pytest.raises(CursorExpired):
                await anext(stream)
        async with following(hub, fresh_floor) as stream:
            await write(fresh_floor.database, fresh_floor.mine)
            assert await take(stream, 14) == [14]


async def test_a_position_ahead_of_the_log_is_expired(fresh_floor: Floor) -> None:
    async with hub_on(fresh_floor.database) as hub:
        async with following(hub, fresh_floor, Position(14, NOON)) as stream:
            with pytest.raises(CursorExpired):
                await anext(stream)
        assert hub.followers == 0


async def test_a_tenant_whose_log_is_empty_can_be_followed_from_its_beginning(fresh_floor: Floor) -> None:
    nobody = TenantId(new_id())
    async with hub_on(fresh_floor.database) as hub:
        assert await hub.head(nobody) == NOTHING
        async with aclosing(hub.follow(nobody, NOTHING)) as stream:
            await write(fresh_floor.database, nobody, 2)
            assert await take(stream, 2) == [1, 2]
