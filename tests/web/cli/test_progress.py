"""What a person sees of a seed's progress."""

import io

from rich.console import Console

from db.seed import SeedProgress
from web.cli.progress import Lines, line_of, shown_progress


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_tells_rate_elapsed_and_time_left() -> None:
    line = line_of(SeedProgress(250_000, 1_000_000, "orders"), 20.0)
    assert line == "250,000 of 1,000,000 orders (25 %) · 12,500/s · 20 s · about 60 s left"


def test_a_line_at_the_start_and_at_the_end_promises_nothing() -> None:
    assert line_of(SeedProgress(0, 10, "orders"), 0.0) == "0 of 10 orders (0 %) · 0/s · 0 s"
    assert line_of(SeedProgress(10, 10, "statistics"), 2.0) == "10 of 10 orders (100 %) · 5/s · 2 s"


def test_without_a_terminal_lines_come_every_few_seconds_and_at_the_end() -> None:
    clock, written = Clock(), io.StringIO()
    lines = Lines(Console(file=written, width=60), clock)
    for second in range(12):
        clock.now = 100.0 + second
        lines(SeedProgress(second, 12, "orders"))
    lines(SeedProgress(12, 12, "statistics"))
    said = written.getvalue().splitlines()
    assert [line.split(" of ")[0] for line in said] == ["5", "10", "12"]


def test_nothing_to_make_says_nothing() -> None:
    written = io.StringIO()
    with shown_progress(Console(file=written)) as show:
        show(SeedProgress(0, 0, "statistics"))
    assert written.getvalue() == ""


def test_a_terminal_gets_a_bar_with_the_rate() -> None:
    written = io.StringIO()
    with shown_progress(Console(file=written, force_terminal=True, width=120)) as show:
        for done in (0, 400, 1_000):
            show(SeedProgress(done, 1_000, "orders" if done < 1_000 else "statistics"))
    assert "1,000/1,000" in written.getvalue()
    assert "Indexes and statistics" in written.getvalue()
