"""``python -m tests.bench profile``: where the product's processor time goes for one of the works."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from tests.bench import load
from tests.bench.contenders import PRODUCT
from tests.bench.measure import EXPECTED, WARM_SECONDS
from tests.bench.parts import PARTS
from tests.bench.profiled import BEGIN_ANEW, PATH_VARIABLE
from tests.bench.serve import run_fast
from tests.bench.servers import running
from tests.bench.tenants import Tenant
from tests.bench.works import CYCLE, WORKS, Work
from tests.support.database import Dsns


@dataclass(frozen=True, slots=True)
class Profile:
    """``processor``: seconds of processor for one answer; ``shares``: of each part, in the order of ``PARTS``;
    the pauses: for how many seconds of processor others waited for a turn of the event loop.
    """

    work: str
    requests: int
    processor: float
    samples: int
    shares: dict[str, float]
    pause_99: float
    pause_worst: float


def profile(dsns: Dsns, tenants: list[Tenant], name: str, core: int, seconds: float, logs: Path) -> Profile:
    """Serve one work for that long, under the same load as everything here."""
    work = work_of(name)
    told = logs / "profile.json"
    requests = PRODUCT.requests(work, tenants, CYCLE)
    with running("profiled", dsns.runtime, core, logs / "profiled.log", {PATH_VARIABLE: str(told)}) as server:
        run_fast(load.run(server.port, load.endless(requests), WARM_SECONDS, EXPECTED))
        load.ask(server.port, BEGIN_ANEW)
        before = server.processor_seconds()
        sample = run_fast(load.run(server.port, load.endless(requests), seconds, EXPECTED))
        used = server.processor_seconds() - before
    found = json.loads(told.read_text())
    counts, pauses = found["parts"], found["pauses"]
    total = sum(counts.values())
    shares = {part: counts.get(part, 0) / total for part in PARTS}
    most, worst = pauses[int(len(pauses) * 0.99)], pauses[-1]
    return Profile(work.name, sample.requests, used / sample.requests, total, shares, most, worst)


def work_of(name: str) -> Work:
    """Raises KeyError for a name that no work has."""
    return {work.name: work for work in WORKS}[name]


def show_profile(console: Console, found: Profile) -> None:
    """A line for each part, with its share and its microseconds an answer."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("", "", "share", "µs"):
        table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
    largest = max(found.shares.values())
    for part, share in found.shares.items():
        bar = Bar(largest, 0, share, width=10, color="cyan")
        table.add_row(part, bar, f"{share:.0%}", f"{share * found.processor * 1e6:,.0f}")
    table.add_row("in all", "", "", f"{found.processor * 1e6:,.0f}")
    console.print(f"[bold]{work_of(found.work).title}[/], {found.requests:,} answers, {found.samples:,} samples")
    console.print(table)
    most, worst = (f"{seconds * 1e3:.1f} ms" for seconds in (found.pause_99, found.pause_worst))
    console.print(f"A turn of the event loop took {most} of processor (99 %), {worst} (once).", highlight=False)
