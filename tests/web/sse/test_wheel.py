"""One clock for many: everything that is due is called once, not before its time."""

import asyncio
from time import monotonic

from tests.support.waiting import until
from web.sse.wheel import Wheel


async def test_calls_come_in_time_and_once_and_a_failing_one_stops_nobody() -> None:
    wheel, called, begun = Wheel(0.01), [], monotonic()

    def fail() -> None:
        raise LookupError("unforeseen")

    for delay in (0.05, 0.0, 0.03, -1.0):
        wheel.place(begun + delay, lambda delay=delay: called.append((delay, monotonic() - begun)))  # type: ignore[misc]
        wheel.place(begun + delay, fail)
    turning = asyncio.create_task(wheel.turn())
    await until(lambda: len(called) == 4)
    await asyncio.sleep(0.05)
    turning.cancel()
    assert sorted(delay for delay, _ in called) == [-1.0, 0.0, 0.03, 0.05]
    assert all(at >= delay for delay, at in called)


async def test_a_call_may_place_the_next_one() -> None:
    wheel, times = Wheel(0.01), 0

    def again() -> None:
        nonlocal times
        times += 1
        wheel.place(monotonic(), again)

    wheel.place(monotonic(), again)
    turning = asyncio.create_task(wheel.turn())
    await until(lambda: times > 3)
    turning.cancel()
