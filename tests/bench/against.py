"""``python -m tests.bench against``: this tree beside another commit, in one run; texts, and registered documents."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from statistics import median, stdev

from rich.console import Console
from rich.table import Table
from rich.text import Text

from auth.document_desk import publish
from db.directory import Directory
from db.documents import Terms
from db.embedded import Embedded
from schema.manifests import Entry
from schema.publishing import Examiner
from schema.root import schema
from tests.bench.contenders import PRODUCT, UnequalAnswers, comparable
from tests.bench.database import FOLDER, dsns_of, ready_database
from tests.bench.load import ask
from tests.bench.measure import WARM_SECONDS, Figure, Run, run_once
from tests.bench.servers import ROOT, Server, running
from tests.bench.tenants import Tenant
from tests.bench.works import CYCLE, WORKS, Requests, Work, requests_of
from tests.support.database import Dsns

TOLERANCE = 0.05
"""What a change may cost of the processor of an answer and still be called none."""
_MIGRATIONS = Path("db/migrations/versions")
_MAKE = """
import asyncio, json, sys
from tests.bench.database import ready_database
from tests.support.database import Dsns
asyncio.run(ready_database(Dsns(*json.loads(sys.argv[1])), sys.argv[2], int(sys.argv[3])))
"""
"""Run in the other tree: its database is made by its own migrations and its own seed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One way of asking a work: which tree answers, and whether it is told the text or the registered document's id."""

    name: str
    title: str
    by_id: bool
    here: bool


SIDES = (
    Side("before", "{revision}, by text", by_id=False, here=False),
    Side("text", "this tree, by text", by_id=False, here=True),
    Side("id", "this tree, by id", by_id=True, here=True),
)
TURN_SECONDS = 0.3
"""Turns are short and many, so that a noisy moment strikes all sides of a round alike."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A side at a work. ``more``: by how much more processor an answer takes than on the side before, as the median of
    rounds; ``doubt``: the standard error of that.
    """

    rate: float
    processor: float
    more: float
    doubt: float


Sides = dict[str, dict[str, Compared]]
"""By work, then by side."""


@contextmanager
def other_tree(revision: str) -> Iterator[Path]:
    """That commit checked out below the bench's folder, for as long as the block runs. Raises SystemExit for a revision
    that git does not know.
    """
    found = _git("rev-parse", "--short", "--verify", "--quiet", f"{revision}^{{commit}}")
    if found is None:
        raise SystemExit(f"git knows no commit {revision!r}.")
    tree = ROOT / FOLDER / f"against-{found}"
    _git("worktree", "remove", "--force", str(tree))
    if _git("worktree", "add", "--detach", str(tree), found) is None:
        raise SystemExit(f"git could not check out {found} in {tree}.")
    try:
        yield tree
    finally:
        _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def ready_databases(server: Embedded, tree: Path, orders: int) -> tuple[Dsns, Dsns]:
    """This tree's database with the works registered, and the other tree's: the same one where both have its tables."""
    dsns = asyncio.run(ready_database(dsns_of(server), f"orders_{orders}", orders))
    asyncio.run(register(dsns))
    return dsns, _database_of(tree, dsns_of(server), orders) or dsns


@contextmanager
def both_running(here: Dsns, there: Dsns, tree: Path, core: int, logs: Path) -> Iterator[dict[str, Server]]:
    """A server for each side, by its name; each tree's is one process."""
    with (
        running(PRODUCT.name, here.runtime, core, logs / "here.log") as ours,
        running(PRODUCT.name, there.runtime, core, logs / "there.log", tree=tree) as other,
    ):
        yield {side.name: ours if side.here else other for side in SIDES}


def compare(
    servers: Mapping[str, Server], tenants: Sequence[Tenant], rounds: int, seconds: float, say: Callable[[str], None]
) -> Sides:
    """The figures of every work on every side. Raises UnequalAnswers before anything is measured."""
    say("checking …")
    check_equal(servers, tenants)
    turns = max(2, round(rounds * seconds / TURN_SECONDS))
    return {work.name: _compare(work, servers, tenants, turns, say) for work in WORKS}


def show_against(console: Console, revision: str, figures: Sides) -> None:
    """A line for each work and side: its processor an answer, and how much more or less than before."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("", "", "answers/s", "ms cpu", "than before"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for work in WORKS:
        for place, side in enumerate(SIDES):
            found = figures[work.name][side.name]
            title = Text("" if place else work.title, "bold")
            told = Text(f"{found.more:+.1%} ±{found.doubt:.1%}", "red" if found.more > TOLERANCE else "green")
            name = side.title.format(revision=revision)
            cells = (f"{found.rate:,.0f}", f"{found.processor * 1e3:,.3f}", told if place else Text(""))
            table.add_row(title, name, *cells)
    console.print(table)
    console.print(
        "than before: the server's processor an answer; the median of short rounds, in which all sides have a turn.",
        style="dim",
    )


def as_json(figures: Sides) -> dict[str, dict[str, dict[str, float]]]:
    return {work: {side: asdict(figure) for side, figure in row.items()} for work, row in figures.items()}


async def register(dsns: Dsns) -> None:
    """Every work's document, for everybody."""
    examiner = Examiner(schema()._schema, permissions=None, nulls=True)
    texts = dict.fromkeys(work.document for work in WORKS)
    drafts, problems = examiner.examine([Entry("works", text) for text in texts])
    assert not problems, problems
    directory = await Directory.open(dsns.runtime, size=1)
    try:
        await publish(directory, drafts, Terms("the benchmark", None, [], None))
    finally:
        await directory.close()


def _database_of(tree: Path, dsns: Dsns, orders: int) -> Dsns | None:
    """The other tree's own database, where its tables are not ours; None where they are."""
    if _migrations_in(tree) == _migrations_in(ROOT):
        return None
    name = f"orders_{orders}_{tree.name.removeprefix('against-')}"
    ways = json.dumps([dsns.owner, dsns.runtime, dsns.superuser])
    subprocess.run([sys.executable, "-c", _MAKE, ways, name, str(orders)], cwd=tree, check=True)
    return dsns.of(name)


def _migrations_in(tree: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in (tree / _MIGRATIONS).glob("*.py")}


def _requests(side: Side, work: Work, tenants: Sequence[Tenant], count: int = CYCLE) -> Requests:
    return requests_of(work, tenants, PRODUCT.header, PRODUCT.cursor, count, by_id=side.by_id)


def check_equal(servers: Mapping[str, Server], tenants: Sequence[Tenant]) -> None:
    """Every work of every tenant, asked on each side. Raises UnequalAnswers, BadAnswer."""
    for work in WORKS:
        for tenant in tenants:
            told = {comparable(ask(servers[side.name].port, _requests(side, work, [tenant], 1)[0])) for side in SIDES}
            if len(told) > 1:
                raise UnequalAnswers(f"The two trees answer {work.title} of {tenant.slug} differently.")


def _compare(
    work: Work, servers: Mapping[str, Server], tenants: Sequence[Tenant], turns: int, say: Callable[[str], None]
) -> dict[str, Compared]:
    requests = {side.name: _requests(side, work, tenants) for side in SIDES}
    for side, prepared in requests.items():
        run_once(servers[side], prepared, WARM_SECONDS)
    runs: dict[str, list[Run]] = {side: [] for side in requests}
    for turn in range(turns):
        # Back and forth: who comes first is favoured by nothing.
        for side in [*requests][:: -1 if turn % 2 else 1]:
            runs[side].append(run_once(servers[side], requests[side], TURN_SECONDS))
        say(f"{work.title}: round {turn + 1} of {turns}")
    return {side: compared(found, runs[SIDES[0].name]) for side, found in runs.items()}


def compared(runs: Sequence[Run], before: Sequence[Run]) -> Compared:
    """A side's runs beside those of the side before, in the same rounds."""
    more = [run.processor / other.processor - 1 for run, other in zip(runs, before, strict=True)]
    doubt = 1.25 * stdev(more) / sqrt(len(more))  # of a median
    figure = Figure.of(runs)
    return Compared(figure.rate, figure.processor, median(more), doubt)
