"""One question for all who ask the same at the same time."""

import asyncio

import pytest

from auth.flights import Flights


class Oracle:
    """Answers when it is let, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        await self.let.wait()
        return self.asked


async def test_the_same_question_at_the_same_time_is_asked_once() -> None:
    flights, oracle = Flights[int](), Oracle()
    waiting = [asyncio.ensure_future(flights.join("who", oracle.ask)) for _ in range(100)]
    await asyncio.sleep(0)
    oracle.let.set()
    assert await asyncio.gather(*waiting) == [1] * 100
    assert oracle.asked == 1
    assert len(flights) == 0


async def test_another_question_is_asked_by_itself_and_a_later_one_anew() -> None:
    flights, oracle = Flights[int](), Oracle()
    oracle.let.set()
    assert {*await asyncio.gather(flights.join("a", oracle.ask), flights.join("b", oracle.ask))} == {1, 2}
    assert await flights.join("a", oracle.ask) == 3


async def test_who_goes_away_leaves_the_others_their_answer() -> None:
    flights, oracle = Flights[int](), Oracle()
    first, second = [asyncio.ensure_future(flights.join("who", oracle.ask)) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    oracle.let.set()
    assert await second == 1


async def test_a_refusal_is_told_to_all_and_kept_from_the_next() -> None:
    flights, refused = Flights[int](), 0

    async def refuse() -> int:
        nonlocal refused
        refused += 1
        raise PermissionError

    told = await asyncio.gather(*(flights.join("who", refuse) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in told] == [PermissionError] * 3
    with pytest.raises(PermissionError):
        await flights.join("who", refuse)
    assert refused == 2


async def test_a_question_whose_askers_are_all_gone_ends_quietly() -> None:
    flights, oracle = Flights[int](), Oracle()
    only = asyncio.ensure_future(flights.join("who", oracle.ask))
    await asyncio.sleep(0)
    only.cancel()
    oracle.let.set()
    with pytest.raises(asyncio.CancelledError):
        await only
    await asyncio.sleep(0)
    assert len(flights) == 0
