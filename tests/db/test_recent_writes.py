"""What callers wrote lately is remembered for as long as a replica may be behind, and told to every worker."""

from datetime import UTC, datetime

import pytest

from db.bus import Reconnected, Told
from db.errors import RedisAway
from db.events import Position
from db.recent_writes import CHANNEL, FAR, RecentWrites, later, reaches

ACME, GLOBEX = "a" * 32, "b" * 32
ANN, BEN = "1" * 32, "2" * 32
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
SECONDS = 2.0


def at(seq: int, microsecond: int = 0) -> Position:
    return Position(seq, NOON.replace(microsecond=microsecond))


class Hand:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A bus of which a test says what is heard on it."""

    def __init__(self) -> None:
        self.live = True
        self.away = False
        self.told: list[Told] = []

    async def listen(self, channel: str, told: Told, on_reconnect: Reconnected) -> None:
        assert channel == CHANNEL
        self.told.append(told)
        self.reconnected = on_reconnect

    async def publish(self, channel: str, text: str) -> int:
        if self.away:
            raise RedisAway("away")
        for told in self.told:
            told(text)
        return len(self.told)

    async def close(self) -> None: ...


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def writes(hand: Hand) -> RecentWrites:
    return RecentWrites(SECONDS, clock=hand)


async def test_a_write_counts_for_its_caller_in_its_tenant_alone(writes: RecentWrites) -> None:
    await writes.add(ACME, ANN, at(7))
    assert writes.of(ACME, ANN) == at(7)
    assert writes.of(ACME, BEN) is None
    assert writes.of(GLOBEX, ANN) is None


async def test_a_write_is_forgotten_when_no_read_can_be_older(writes: RecentWrites, hand: Hand) -> None:
    await writes.add(ACME, ANN, at(7))
    hand.now += SECONDS
    assert writes.of(ACME, ANN) == at(7)
    hand.now += 0.001
    assert writes.of(ACME, ANN) is None


async def test_an_older_write_that_is_told_later_takes_nothing_back(writes: RecentWrites) -> None:
    await writes.add(ACME, ANN, at(7))
    await writes.add(ACME, ANN, at(5))
    assert writes.of(ACME, ANN) == at(7)


async def test_a_write_whose_end_nobody_knows_is_further_than_any_log(writes: RecentWrites, hand: Hand) -> None:
    await writes.add(ACME, ANN, None)
    await writes.add(ACME, ANN, at(9))
    assert writes.of(ACME, ANN) == FAR
    hand.now += SECONDS + 0.001
    assert writes.of(ACME, ANN) is None


async def test_who_is_forgotten_for_want_of_room_is_not_taken_for_one_who_wrote_nothing(hand: Hand) -> None:
    writes = RecentWrites(SECONDS, most=2, clock=hand)
    for user in ("1" * 32, "2" * 32, "3" * 32):
        await writes.add(ACME, user, at(1))
    assert writes.of(ACME, "1" * 32) == FAR
    assert writes.of(ACME, "9" * 32) == FAR
    hand.now += SECONDS + 0.001
    assert writes.of(ACME, "1" * 32) is None


def test_a_change_without_an_event_is_further_on_by_its_time() -> None:
    assert later(at(7), at(7, 1)) == at(7, 1)
    assert not reaches(at(7), at(7, 1))
    assert reaches(at(8), at(7, 1))


async def test_what_one_worker_tells_another_remembers(writes: RecentWrites, hand: Hand) -> None:
    line, there = Line(), RecentWrites(SECONDS, clock=hand)
    await writes.share(line)
    await there.share(line)
    await writes.add(ACME, ANN, at(7, 123_456))
    await writes.add(ACME, BEN, None)
    assert there.of(ACME, ANN) == at(7, 123_456)
    assert there.of(ACME, BEN) == FAR


@pytest.mark.parametrize("said", ["", "x", f"{ACME}:{ANN}", f"{ACME}:{ANN}:7:-1", f"{ACME}:{ANN}:7:{10**17}0\n"])
async def test_nonsense_on_the_bus_is_passed_over(writes: RecentWrites, said: str) -> None:
    line = Line()
    await writes.share(line)
    await line.publish(CHANNEL, said)
    assert writes.of(ACME, ANN) is None


async def test_who_does_not_hear_and_who_has_not_heard_for_long_know_nothing(writes: RecentWrites, hand: Hand) -> None:
    line = Line()
    await writes.share(line)
    line.live = False
    assert writes.of(ACME, ANN) == FAR
    line.live = True
    line.reconnected()
    assert writes.of(ACME, ANN) == FAR
    hand.now += SECONDS
    assert writes.of(ACME, ANN) is None


async def test_a_write_that_cannot_be_told_is_no_error(writes: RecentWrites) -> None:
    line = Line()
    await writes.share(line)
    line.away = True
    await writes.add(ACME, ANN, at(7))
    assert writes.of(ACME, ANN) == at(7)
