"""A breaker opens for what fails again and again, lets one call find out, and is never stuck."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from db.breaker import Breaker, Outcome, State, Tolerance, Unwell
from db.errors import CircuitOpen
from tests.support.logs import logged
from tests.support.ticks import Ticks, longest

TOLERANCE = Tolerance(failures=3, window=10.0, first=1.0, longest=4.0, asked=60.0)


class Line:
    """An upstream that a test makes well or unwell, behind its breaker."""

    def __init__(self) -> None:
        self.ticks = Ticks()
        self.breaker = Breaker("line", TOLERANCE, (ConnectionError,), self.ticks, longest)
        self.called = 0

    def state(self) -> State:
        return self.breaker.state

    async def ask(self, error: Exception | None = None, seconds: float = 1.0) -> None:
        async with self.breaker.call(seconds):
            self.called += 1
            if error is not None:
                raise error

    async def fail(self, times: int, error: Exception | None = None) -> None:
        for _ in range(times):
            with pytest.raises(type(error or ConnectionError())):
                await self.ask(error or ConnectionError())

    async def refuses(self) -> float:
        """For how long it says so."""
        before = self.called
        with pytest.raises(CircuitOpen) as refused:
            await self.ask()
        assert self.called == before
        return refused.value.seconds


@pytest.fixture
def line() -> Line:
    return Line()


async def test_it_opens_at_the_last_failure_that_is_tolerated_and_refuses_at_once(line: Line) -> None:
    await line.fail(2)
    assert line.state() is State.CLOSED
    await line.fail(1)
    assert line.state() is State.OPEN
    assert await line.refuses() == 1.0
    assert line.breaker.counts == {"answered": 0, "failed": 3, "timed_out": 0, "refused": 1}


async def test_failures_that_are_fewer_than_answers_open_nothing(line: Line) -> None:
    for _ in range(50):
        await line.ask()
        await line.ask()
        await line.fail(1)
    assert line.state() is State.CLOSED


async def test_failures_of_another_time_are_forgotten(line: Line) -> None:
    for _ in range(20):
        await line.fail(1)
        line.ticks.now += 5
    assert line.state() is State.CLOSED


async def test_an_error_that_is_an_answer_counts_as_one(line: Line) -> None:
    await line.fail(10, ValueError("an answer"))
    assert line.state() is State.CLOSED
    assert line.breaker.counts[Outcome.ANSWERED] == 10


async def test_what_takes_too_long_is_ended_and_failed(line: Line) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with line.breaker.call(0.001):
                await asyncio.sleep(5)
    assert line.breaker.counts[Outcome.TIMED_OUT] == 3
    await line.refuses()


async def test_after_its_pause_one_call_finds_out_and_the_others_are_refused_meanwhile(line: Line) -> None:
    await line.fail(3)
    line.ticks.now += 1
    assert line.state() is State.HALF_OPEN
    async with line.breaker.call(1):
        for _ in range(5):
            await line.refuses()
    assert line.state() is State.CLOSED
    await line.ask()


async def test_pauses_double_up_to_the_longest_and_begin_anew_after_an_answer(line: Line) -> None:
    await line.fail(3)
    for pause in (1.0, 2.0, 4.0, 4.0):
        assert await line.refuses() == pause
        line.ticks.now += pause
        await line.fail(1)
    line.ticks.now += 4
    await line.ask()
    await line.fail(3)
    assert await line.refuses() == 1.0


async def test_pauses_are_shortened_by_chance_by_half_at_most() -> None:
    line = Line()
    line.breaker = Breaker("line", TOLERANCE, (ConnectionError,), line.ticks, lambda: 0.0)
    await line.fail(3)
    line.ticks.now += 0.5
    await line.ask()


@pytest.mark.parametrize(("said", "pause"), [(20.0, 20.0), (10_000.0, 60.0), (0.1, 1.0)])
async def test_who_says_when_to_come_back_is_left_alone_until_then_within_bounds(
    line: Line, said: float, pause: float
) -> None:
    await line.fail(3, Unwell("status 503", said))
    assert await line.refuses() == pause


async def test_a_probe_that_is_cancelled_leaves_its_turn_to_the_next_one(line: Line) -> None:
    await line.fail(3)
    line.ticks.now += 1
    with suppress(TimeoutError):
        async with asyncio.timeout(0.001), line.breaker.call(5):
            await asyncio.sleep(5)
    assert line.state() is State.HALF_OPEN
    await line.ask()
    assert line.state() is State.CLOSED


async def test_calls_that_began_before_it_opened_neither_close_it_nor_prolong_it(line: Line) -> None:
    go = asyncio.Event()

    async def slow(error: Exception | None) -> None:
        async with line.breaker.call(5):
            await go.wait()
            if error is not None:
                raise error

    tasks = [asyncio.create_task(slow(error)) for error in (None, ConnectionError(), None, ConnectionError())]
    await asyncio.sleep(0)
    await line.fail(3)
    go.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await line.refuses() == 1.0


async def test_it_closes_at_once_for_whoever_saw_the_upstream_well(line: Line) -> None:
    line.breaker.recover()
    await line.fail(3)
    line.breaker.recover()
    await line.ask()
    await line.fail(2)
    assert line.state() is State.CLOSED


async def test_an_outage_is_two_lines_of_the_log_however_long_it_is() -> None:
    with logged() as lines:
        line = Line()
        await line.fail(3)
        for _ in range(10):
            await line.refuses()
            line.ticks.now += 4
            await line.fail(1)
        line.ticks.now += 4
        await line.ask()
        await line.ask()
    events = [text for text in lines.getvalue().splitlines() if "upstream_" in text]
    assert ["upstream_opened" in events[0], "upstream_closed" in events[1], len(events)] == [True, True, 2]
    assert '"error":"ConnectionError"' in events[0].replace('": "', '":"')


async def test_whatever_happens_no_more_than_one_probe_is_under_way_and_it_closes_in_the_end(line: Line) -> None:
    chance = random.Random(7)
    tasks: list[asyncio.Task[None]] = []
    probing = most = 0

    async def call(end: Callable[[], Awaitable[object]]) -> None:
        nonlocal probing, most
        half_open = line.state() is State.HALF_OPEN
        with suppress(CircuitOpen, ConnectionError):
            async with line.breaker.call(5):
                probing += half_open
                most = max(most, probing)
                try:
                    await end()
                    if chance.random() < 0.6:
                        raise ConnectionError
                finally:
                    probing -= half_open

    for _ in range(2_000):
        tasks.append(asyncio.create_task(call(lambda: asyncio.sleep(0))))
        if chance.random() < 0.3:
            tasks.pop(chance.randrange(len(tasks))).cancel()
        if chance.random() < 0.3:
            await asyncio.sleep(0)
        line.ticks.now += chance.random() / 4
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 1
    line.ticks.now += 4
    await line.ask()
    assert line.state() is State.CLOSED
