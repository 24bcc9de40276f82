"""The streams' figures as people read them, 80 columns wide. Colours are rich's: NO_COLOR switches them off."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.streams_return import Return
from tests.bench.streams_works import Delivery, Faults, Idle

_DELIVERY = ("", "delivered", "p50 ms", "p99 ms", "worst ms", "cpu s/100,000", "core")


def show_deliveries(console: Console, found: Mapping[str, Delivery]) -> None:
    """A line for each: what came, how late, and what it cost."""
    table = _table(*_DELIVERY)
    for title, each in found.items():
        times = (_milliseconds(each.p50), _milliseconds(each.p99), _milliseconds(each.worst))
        table.add_row(title, f"{each.due:,}", *times, f"{each.processor:.2f}", f"{each.core:.0%}")
    console.print(table)
    for title, each in found.items():
        _show_faults(console, title, each.faults)


def show_idle(console: Console, found: Mapping[str, Idle]) -> None:
    table = _table("", "open", "kB each", "core, pings only", "opened in s")
    for title, each in found.items():
        table.add_row(title, f"{each.streams:,}", f"{each.memory / 1e3:.1f}", f"{each.core:.1%}", f"{each.opened:.1f}")
    console.print(table)


def show_return(console: Console, found: Return) -> None:
    table = _table("", "clients", "half s", "all s", "sent away", "queries", "p50 ms", "p99 ms")
    times = (_milliseconds(found.query_p50), _milliseconds(found.query_p99))
    everybody = f"{found.all:.1f}" if found.back else "never"
    table.add_row(
        "back at once", f"{found.clients:,}", f"{found.half:.1f}", everybody, f"{found.refused:,}",
        f"{found.queries:,}", *times,
    )  # fmt: skip
    console.print(table)
    _show_faults(console, f"{found.events:,} events over the restart", found.faults)


def show_heading(console: Console, text: str, about: str) -> None:
    console.print("", Text.assemble((text, "bold"), (f" · {about}", "dim")), sep="\n")


def _show_faults(console: Console, title: str, faults: Faults) -> None:
    counts = f"{faults.lost:,} lost, {faults.doubled:,} doubled, {faults.misplaced:,} out of order"
    style = "dim" if faults == Faults() else "bold red"
    console.print(f"{title}: {counts}, {faults.foreign:,} foreign", style=style, highlight=False)


def _milliseconds(seconds: float) -> str:
    value = seconds * 1e3
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", min_width=24 if place == 0 else 6, no_wrap=True)
    return table
