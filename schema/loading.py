"""How batch functions are called: key by key, for the reference executor (``Loaders``); level by level, for a plan
(``Reads``, and ``Waves`` in ``schema/engine/waves.py``). Nothing that was read is shared between operations or events.

What the database did not answer is not asked again in the same operation: the executor that goes on where a plan gave
up meets the same error in its place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

from aiodataloader import DataLoader

from db.errors import QueryTimeout, Unavailable
from resolvers.context import ReadContext

BatchFunction = Callable[..., Awaitable[Mapping[str, Any]]]  # Any: a row, or rows, per key
"""``async (ctx, keys, columns) -> {key: row or rows}``: a relation, answered for many parents at once."""
Source = tuple[BatchFunction, Hashable]
"""A batch function, and what stands for its arguments: equal ones are equal."""
Branch = Callable[[], Coroutine[Any, Any, Any]]  # Any: whatever one part of a response is made to
T = TypeVar("T")
NO_ANSWER = (QueryTimeout, Unavailable)


class Unanswered:
    """Questions of one operation that the database did not answer, each with what was raised."""

    __slots__ = ("_errors",)

    def __init__(self) -> None:
        self._errors: dict[Hashable, Exception] = {}

    async def ask(self, ask: Callable[[], Awaitable[T]], question: Callable[[], Hashable]) -> T:
        """The answer; or at once what was raised when the same question was not answered. ``question`` makes what tells
        it from others.
        """
        error = self._errors.get(question()) if self._errors else None
        if error is not None:
            raise error
        try:
            return await ask()
        except NO_ANSWER as refused:
            self._errors[question()] = refused
            raise


class Loaders:
    """One DataLoader for each batch function and its arguments."""

    def __init__(self, ctx: ReadContext, unanswered: Unanswered) -> None:
        self._ctx = ctx
        self._unanswered = unanswered
        self._loaders: dict[Source, DataLoader[str, Any]] = {}  # Any: a row, or rows
        self._loading: set[asyncio.Task[Any]] = set()  # Any: as the loader has it
        """Tasks of the loaders' own, which go on when those who asked are cancelled."""

    def give_up(self) -> None:
        """Cancel what is being loaded."""
        for task in self._loading:
            task.cancel()

    def of(
        self, function: BatchFunction, arguments: Sequence[object] = (None,), same: Hashable = None
    ) -> "DataLoader[str, Any]":  # Any: a row, or rows
        """The loader that calls ``function(ctx, keys, *arguments)``; ``same`` stands for the arguments: equal ones are
        equal.
        """
        loader = self._loaders.get((function, same))
        if loader is None:
            loader = self._loaders[function, same] = DataLoader(self._batch(function, arguments, same))
        return loader

    def _batch(
        self, function: BatchFunction, arguments: Sequence[object], same: Hashable
    ) -> Callable[[list[str]], Coroutine[Any, Any, list[Any]]]:  # Any: a row, or rows
        async def load(keys: list[str]) -> list[Any]:  # Any: a row, or rows
            task = asyncio.current_task()
            if task is not None:
                self._loading.add(task)
            try:
                found = await self._unanswered.ask(
                    lambda: function(self._ctx, keys, *arguments), lambda: (function, same, frozenset(keys))
                )
            finally:
                if task is not None:
                    self._loading.discard(task)
            return [found.get(key) for key in keys]

        return load


class Reads:
    """For a plan that calls each batch function in one place: there it is called, all on one connection."""

    def __init__(self, ctx: ReadContext, unanswered: Unanswered) -> None:
        self._ctx = ctx
        self._unanswered = unanswered

    def on_one_connection(self) -> AbstractContextManager[object]:
        """For branches that run one after the other."""
        return self._ctx.reader

    def load(
        self, function: BatchFunction, keys: Sequence[str], arguments: Sequence[object], same: Hashable = None
    ) -> Awaitable[Mapping[str, Any]]:  # Any: a row, or rows
        """What ``function(ctx, keys, *arguments)`` finds; ``same`` as ``Loaders.of`` has it."""
        return self._unanswered.ask(
            partial(function, self._ctx, keys, *arguments), lambda: (function, same, frozenset(keys))
        )

    async def all(self, branches: Sequence[Branch]) -> list[Any]:  # Any: as a branch has it
        """What the branches are made to."""
        return [await branch() for branch in branches]

    async def each(self, branches: Sequence[Branch]) -> list[Any]:  # Any: as above
        """The same of branches that are nothing to each other, side by side: in the place of one that failed stands its
        exception.
        """
        return await asyncio.gather(*map(caught, branches))


async def caught(branch: Branch) -> Any:  # Any: what it is made to, or an exception
    try:
        return await branch()
    except Exception as error:
        return error
