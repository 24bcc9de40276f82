"""Tasks are ended for good: also those whose driver swallows a cancellation."""

import asyncio
from contextlib import suppress

import pytest

from db import tasks
from db.tasks import end


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_cancellation_that_is_swallowed_is_said_again(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    heard = 0

    async def work() -> None:
        nonlocal heard
        for _ in range(times):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            heard += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
    assert heard == times


async def test_however_they_end_it_is_over() -> None:
    async def fail() -> None:
        raise ValueError("nobody asks")

    async def leave() -> None:
        pass

    tasks = [asyncio.create_task(work()) for work in (fail, leave)]
    await asyncio.sleep(0)
    await end(*tasks)
    assert all(task.done() for task in tasks)


async def test_nothing_is_ended_at_once() -> None:
    await end()
