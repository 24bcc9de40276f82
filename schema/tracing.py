"""What traces are to those who tell them: spans with names and plain values. Nothing here knows who keeps them.

Where nobody does, ``Tracing`` is None wherever it could be, and nothing of it runs.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sized
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol, TypeVar

from schema.loading import Unanswered

Value = str | int | float | bool
Attributes = Mapping[str, Value | None]
"""Those that are None are left out."""
T = TypeVar("T")


class Span(Protocol):
    """One piece of work. After its end it takes nothing more, and says nothing about that."""

    def set(self, attributes: Attributes) -> None: ...

    def rename(self, name: str) -> None: ...

    def fail(self, kind: str) -> None:
        """It failed; ``kind`` is a code, or an exception's type: never what it says, which may be anybody's data."""

    def end(self) -> None: ...


class Tracing(Protocol):
    """Where spans go. None of it waits, and none of it raises."""

    def span(self, name: str, attributes: Attributes = ...) -> AbstractContextManager[Span]:
        """A span for the block, below the one around it, or the first of a trace. An exception ends it as failed, by
        its type.
        """

    def open(self, name: str, attributes: Attributes = ...) -> Span:
        """The same for what is no block: to be ended by hand."""

    def current(self) -> Span:
        """The span around; one that takes nothing where there is none."""


class TracedQuestions(Unanswered):
    """A span for every question: each step of a plan, and each batch of a loader, asks through this."""

    __slots__ = ("_tracing",)

    def __init__(self, tracing: Tracing) -> None:
        super().__init__()
        self._tracing = tracing

    async def ask(self, ask: Callable[[], Awaitable[T]], question: Callable[[], Hashable]) -> T:
        asked = question()
        what = asked if isinstance(asked, tuple) else (asked,)
        keys = len(what[-1]) if isinstance(what[-1], frozenset) else None
        with self._tracing.span(f"step {name_of(what[0])}", {"tidegate.step.keys": keys}) as span:
            found = await super().ask(ask, lambda: asked)
            span.set({"tidegate.step.found": len(found) if isinstance(found, Sized) else None})
            return found


def name_of(function: object) -> str:
    """What a function is called in its own file: a word of ours, not of a document."""
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)
