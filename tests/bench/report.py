"""The figures as people read them: ratios and bars, 80 columns wide. Colours are rich's: NO_COLOR switches them off."""

from collections.abc import Mapping, Sequence

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from tests.bench.contenders import CONTENDERS, PRODUCT, RAW, STOCK
from tests.bench.measure import Figure, Figures
from tests.bench.works import WORKS, Goal
from tests.bench.writes import GOAL, WriteFigure

_BAR = 10
_COLOURS = {STOCK.name: "red", PRODUCT.name: "cyan", RAW.name: "green"}
_READ_HEADINGS = ("", "", "answers/s", "ms cpu", "core", "p99 ms", "× stock", "% raw", "by cpu")
_WRITE_HEADINGS = ("", "", "changes/s", "ms cpu", "core", "p50 ms", "p99 ms", "% bare")


def show_machine(console: Console, machine: Mapping[str, object], shape: str) -> None:
    about = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, Python {machine['python']}"
    console.print(f"[bold]{shape}[/]\n{about}, load before {machine['load_before']}", highlight=False)


def show_reads(console: Console, figures: Figures, sizes: Mapping[str, int], memory: Mapping[str, int]) -> None:
    """A block for each work: its servers, their rates as bars, and the ratios that count."""
    for work in WORKS:
        row = figures[work.name]
        best = max(figure.rate for figure in row.values())
        heading = Text.assemble((work.title, "bold"), (f" · {sizes[work.name] / 1e3:,.1f} kB{_goal(work.goal)}", "dim"))
        table = _table(_READ_HEADINGS)
        for each in CONTENDERS:
            table.add_row(*_cells(each.title, _COLOURS[each.name], row[each.name], row, best))
        console.print("", heading, table, sep="\n")
    console.print(
        "\nms cpu: the server's processor per answer. core: how much of its core it got."
        "\nby cpu: raw's ms cpu over the server's, which other load disturbs least.",
        style="dim",
        highlight=False,
    )
    deep, flat = figures["deep"][PRODUCT.name], figures["flat"][PRODUCT.name]
    held = ", ".join(f"{each.title} {memory[each.name] / 2**20:,.0f} MB" for each in CONTENDERS)
    rate, processor = f"{deep.rate / flat.rate:.0%}", f"{deep.processor / flat.processor:.0%}"
    console.print(
        f"Tidegate's deep page: {rate} of its first page's rate, {processor} of its processor.", highlight=False
    )
    console.print(f"Resident memory after all rounds: {held}.", highlight=False)


def show_writes(console: Console, figures: Mapping[str, WriteFigure]) -> None:
    """How many changes a second, over HTTP and GraphQL and without both."""
    for title, figure in figures.items():
        heading = Text.assemble((f"changeOrderStatus, {title}", "bold"), (f" · goal {GOAL:.0%} of bare", "dim"))
        table = _table(_WRITE_HEADINGS)
        best = max(figure.product.rate, figure.bare.rate)
        for name, colour, run in (
            ("Tidegate, HTTP", "cyan", figure.product),
            ("bare HTTP", "green", figure.bare),
        ):
            share = f"{run.rate / figure.bare.rate:.0%}"
            used = (f"{run.processor * 1e3:,.2f}", f"{run.rate * run.processor:.0%}")
            times = (_short(run.p50 * 1e3), _short(run.p99 * 1e3))
            table.add_row(Text(name, colour), _bar(run.rate, best, colour), f"{run.rate:,.0f}", *used, *times, share)
        console.print("", heading, table, sep="\n")


def _table(headings: Sequence[str]) -> Table:
    """Columns of one width in every block, so that the blocks stand under each other."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for place, heading in enumerate(headings):
        width = (16, _BAR)[place] if place < 2 else max(len(heading), 6)
        table.add_column(heading, justify="left" if place < 2 else "right", width=width, no_wrap=True)
    return table


def _cells(title: str, colour: str, figure: Figure, row: Mapping[str, Figure], best: float) -> list[RenderableType]:
    return [
        Text(title, colour),
        _bar(figure.rate, best, colour),
        _short(figure.rate),
        f"{figure.processor * 1e3:,.2f}",
        f"{figure.rate * figure.processor:.0%}",
        _short(figure.p99 * 1e3),
        f"{figure.rate / row[STOCK.name].rate:,.1f}",
        f"{figure.rate / row[RAW.name].rate:.0%}",
        f"{row[RAW.name].processor / figure.processor:.0%}",
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _bar(value: float, best: float, colour: str) -> Bar:
    return Bar(best, 0, value, width=_BAR, color=colour)


def _goal(goal: Goal | None) -> str:
    return f" · goal {goal.stock:g} × stock, {goal.raw:.0%} of raw" if goal else ""
