"""One question for all who ask the same at the same time: a thousand streams coming back together are few callers."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from db.tasks import end

T = TypeVar("T")


class Flights(Generic[T]):
    """``join`` with a key that holds everything the answer depends on, time included: who joins a question that is
    under way hears what was true when it began.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    async def join(self, key: Hashable, ask: Callable[[], Coroutine[None, None, T]]) -> T:
        """The answer of ``ask``, or of the same question that is under way. Nobody's cancellation ends another's
        question; what it raises is raised to all who wait.
        """
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(ask())
            task.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """Ask nothing any more; whoever waits is cancelled."""
        under_way: list[Any] = list(self._under_way.values())
        await end(*under_way)

    def _land(self, key: Hashable, task: asyncio.Task[T]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # all who asked may have gone: then nobody is there to be told
