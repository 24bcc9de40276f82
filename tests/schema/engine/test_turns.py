"""Large levels take their turns: one in each of the loop's, whoever gives up."""

import asyncio

from schema.engine.turns import Turns


class Clock:
    """Counts the loop's turns."""

    def __init__(self) -> None:
        self.turn = 0
        self._tick()

    def _tick(self) -> None:
        self.turn += 1
        asyncio.get_running_loop().call_soon(self._tick)


async def take(turns: Turns, clock: Clock, taken: list[int]) -> None:
    await turns.take()
    taken.append(clock.turn)


async def test_no_two_take_the_same_turn_of_the_loop() -> None:
    turns, clock, taken = Turns(), Clock(), list[int]()
    await asyncio.gather(*(take(turns, clock, taken) for _ in range(20)))
    assert len(set(taken)) == 20
    assert taken == sorted(taken)


async def test_who_is_alone_does_not_wait() -> None:
    turns, clock, taken = Turns(), Clock(), list[int]()
    before = clock.turn
    await take(turns, clock, taken)
    assert taken == [before]


async def test_who_gives_up_holds_nobody_up() -> None:
    turns, clock, taken = Turns(), Clock(), list[int]()
    waiting = [asyncio.create_task(take(turns, clock, taken)) for _ in range(6)]
    await asyncio.sleep(0)
    for task in waiting[1:4]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert len(taken) == 3


def test_a_loop_that_ended_leaves_no_turn_taken() -> None:
    turns = Turns()

    async def leave_in_the_middle() -> None:
        await turns.take()
        waiting = asyncio.ensure_future(turns.take())
        assert not waiting.done()

    async def go_on() -> bool:
        async with asyncio.timeout(60):
            await asyncio.gather(turns.take(), turns.take())
        return True

    asyncio.run(leave_in_the_middle())
    assert asyncio.run(go_on())
