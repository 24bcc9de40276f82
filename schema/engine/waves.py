"""Reads of a plan that calls one batch function in several places: aliases of a relation, nodes and edges, root fields.

The branches of such a run go side by side. What they ask is gathered until each of them waits; then every function is
called once for all that asked it (a *wave*), and never for a key again: as the reference's loaders do, with the columns
that all its places need. So statements depend on the document's depth, and are never more than the reference's.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from resolvers.context import ReadContext
from schema.loading import BatchFunction, Branch, Reads, Source, Unanswered, caught


@dataclass(slots=True)
class _Question:
    """What a function is asked in the next wave, and the branches that wait for it."""

    arguments: Sequence[object]
    keys: dict[str, None] = field(default_factory=dict)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    error: Exception | None = None

    def release(self) -> int:
        """Let those who wait go on; answers how many they are."""
        there = [waiter for waiter in self.waiting if not waiter.done()]
        for waiter in there:
            waiter.set_result(None)
        return len(there)


class Waves(Reads):
    """One run's. Branches that are not made by ``all`` or ``each`` may not load."""

    def __init__(self, ctx: ReadContext, unanswered: Unanswered) -> None:
        super().__init__(ctx, unanswered)
        self._running = 1
        """Branches that do not wait for a wave."""
        self._asked: dict[Source, _Question] = {}
        self._known: dict[Source, dict[str, Any]] = {}  # Any: a row, or rows; None where there is none

    def on_one_connection(self) -> AbstractContextManager[object]:
        """Side by side each statement borrows its own: who keeps one and waits for another can keep others waiting."""
        return nullcontext()

    async def load(
        self, function: BatchFunction, keys: Sequence[str], arguments: Sequence[object], same: Hashable = None
    ) -> Mapping[str, Any]:  # Any: a row, or rows
        known = self._known.setdefault((function, same), {})
        missing = [key for key in keys if key not in known]
        if missing:
            question = self._asked.setdefault((function, same), _Question(arguments))
            question.keys.update(dict.fromkeys(missing))
            await self._wait(question)
        return {key: found for key in keys if (found := known[key]) is not None}

    async def all(self, branches: Sequence[Branch]) -> list[Any]:  # Any: as a branch has it
        if len(branches) < 2:
            return await super().all(branches)
        left = len(branches)
        self._running += left - 1

        async def run(branch: Branch) -> Any:  # Any: as above
            nonlocal left
            try:
                made = await branch()
            except BaseException:
                left -= 1
                self._running -= left > 0
                raise
            left -= 1
            if left:  # the last one's place is taken by who waits for all
                await self._rest()
            return made

        tasks = [asyncio.ensure_future(run(branch)) for branch in branches]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def each(self, branches: Sequence[Branch]) -> list[Any]:  # Any: as a branch has it, or an exception
        return await self.all([partial(caught, branch) for branch in branches])

    async def _wait(self, question: _Question) -> None:
        waiter = asyncio.get_running_loop().create_future()
        question.waiting.append(waiter)
        await self._rest()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():  # else it had been counted again
                self._running += 1
            raise
        if question.error is not None:
            raise question.error

    async def _rest(self) -> None:
        """One branch less is running; the last one sees to the next wave."""
        self._running -= 1
        while self._asked and not self._running:
            asked, self._asked = self._asked, {}
            for (function, same), question in asked.items():
                await self._answer(function, same, question)
            self._running += sum(question.release() for question in asked.values())

    async def _answer(self, function: BatchFunction, same: Hashable, question: _Question) -> None:
        try:
            found = await super().load(function, [*question.keys], question.arguments, same)
        except Exception as error:
            question.error = error
        else:
            self._known[function, same].update({key: found.get(key) for key in question.keys})
