"""A seed's progress as people read it: a bar on a terminal, a line now and then elsewhere. Always on standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from db.seed import SeedProgress

SECONDS_BETWEEN_LINES = 5.0
Show = Callable[[SeedProgress], None]
_STAGES = {"orders": "Seeding orders", "statistics": "Indexes and statistics"}


@contextmanager
def shown_progress(console: Console | None = None) -> Iterator[Show]:
    """Something to give ``seed`` as ``progress``."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console, time.monotonic)
        return
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(_STAGES["orders"], total=None, visible=False)

        def show(state: SeedProgress) -> None:
            stage = _STAGES[state.stage]
            progress.update(task, completed=state.done, total=state.total, description=stage, visible=state.total > 0)

        yield show


class Lines:
    """Progress without a terminal: whole lines, at most one every few seconds, and one at the end."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._started = self._said = clock()

    def __call__(self, state: SeedProgress) -> None:
        now = self._clock()
        finished = state.stage == "statistics"
        if state.total == 0 or (not finished and now - self._said < SECONDS_BETWEEN_LINES):
            return
        self._said = now
        self._console.print(line_of(state, now - self._started), highlight=False, soft_wrap=True)


def line_of(state: SeedProgress, elapsed: float) -> str:
    """``elapsed`` in seconds since the seed began."""
    rate = state.done / elapsed if elapsed > 0 else 0.0
    parts = [
        f"{state.done:,} of {state.total:,} orders ({state.done * 100 // state.total} %)",
        f"{rate:,.0f}/s",
        f"{elapsed:.0f} s",
    ]
    if 0 < state.done < state.total:
        parts.append(f"about {(state.total - state.done) / rate:.0f} s left")
    return " · ".join(parts)


class _Rate(ProgressColumn):
    """Orders a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "…/s", style="progress.data.speed")
