"""``python -m tests.bench``: reads, writes, and who is calling. ``… demo``: how soon the demo answers. ``… profile``:
where time goes. ``… against``: this tree beside another commit.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from db.embedded import Embedded
from tests.bench import demo, writes
from tests.bench.against import as_json, both_running, compare, other_tree, ready_databases, show_against
from tests.bench.contenders import all_running, check_equal
from tests.bench.database import FOLDER, ORDERS, dsns_of, ready_database, running_server, tenants_of
from tests.bench.identity import measure_identity, show_identity
from tests.bench.machine import machine
from tests.bench.measure import measure
from tests.bench.memory import measure_memory, show_memory
from tests.bench.profile import profile, show_profile
from tests.bench.report import show_machine, show_reads, show_writes
from tests.bench.servers import ROOT, Cores, beside, pin_postgres
from tests.bench.works import WORKS
from tests.support.database import Dsns

QUICK_ORDERS = 40_000
PARTS_TO_RUN = ("all", "read", "write", "identity", "memory", "demo", "profile", "against")


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for, print it, keep it as JSON when asked to."""
    options = _options(arguments)
    console = Console()
    result: dict[str, object] = {"machine": machine()}
    if options.part == "demo":
        result["demo"] = [asdict(start) for start in demo.main(console)]
    else:
        cores = Cores.found()
        shape = (
            f"{options.orders:,} orders, 20 tenants, 16 connections, {options.rounds} rounds of {options.seconds:g} s"
        )
        show_machine(console, machine(), shape)
        with running_server(ROOT / FOLDER) as server:
            logs = ROOT / FOLDER / "logs"
            logs.mkdir(exist_ok=True)
            pin_postgres(server.data_dir, cores.rest)
            result |= {"shape": shape}
            if options.part in {"all", "read"}:
                result |= _reads(console, dsns_of(server), options, cores, logs)
            if options.part in {"all", "write"}:
                result |= _writes(console, dsns_of(server), options, cores, logs)
            if options.part in {"all", "identity"}:
                result |= _identity(console, dsns_of(server))
            if options.part == "memory":
                result |= _memory(console, dsns_of(server), options, cores, logs)
            if options.part == "profile":
                result |= _profile(console, dsns_of(server), options, cores, logs)
            if options.part == "against":
                result |= _against(console, server, options, cores, logs)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def _reads(console: Console, dsns: Dsns, options: argparse.Namespace, cores: Cores, logs: Path) -> dict[str, object]:
    with console.status("making the database, once …"):
        dsns = asyncio.run(ready_database(dsns, f"orders_{options.orders}", options.orders))
        tenants = asyncio.run(tenants_of(dsns))
    with all_running(dsns, cores.server, logs) as servers, beside(cores), console.status("checking …") as status:
        sizes = check_equal(servers, tenants)
        console.print(f"All three answer equal data ({len(sizes)} works, {len(tenants)} tenants).", highlight=False)
        figures = measure(servers, tenants, options.rounds, options.seconds, status.update)
        memory = {name: server.memory() for name, server in servers.items()}
    show_reads(console, figures, sizes, memory)
    return {
        "reads": {work: {name: figure.as_json() for name, figure in row.items()} for work, row in figures.items()},
        "answer_bytes": sizes,
        "memory_bytes": memory,
    }


def _writes(console: Console, dsns: Dsns, options: argparse.Namespace, cores: Cores, logs: Path) -> dict[str, object]:
    with console.status("making a database to write to …") as status:
        dsns = asyncio.run(ready_database(dsns, writes.DATABASE, writes.ORDERS, afresh=True))
        tenants = asyncio.run(tenants_of(dsns))
        with beside(cores):
            figures = writes.measure_writes(
                dsns, tenants, cores.server, options.rounds, options.seconds, logs, status.update
            )
    show_writes(console, figures)
    return {"writes": {title: asdict(figure) for title, figure in figures.items()}}


def _identity(console: Console, dsns: Dsns) -> dict[str, object]:
    with console.status("making directories …"):
        costs = asyncio.run(measure_identity(dsns))
    show_identity(console, costs)
    return {"identity": [asdict(cost) for cost in costs]}


def _memory(console: Console, dsns: Dsns, options: argparse.Namespace, cores: Cores, logs: Path) -> dict[str, object]:
    dsns = asyncio.run(ready_database(dsns, f"orders_{options.orders}", options.orders))
    tenants = asyncio.run(tenants_of(dsns))
    with beside(cores), console.status("an hour's worth …") as status:
        looks = measure_memory(dsns, tenants, cores.server, logs, status.update)
    show_memory(console, looks)
    return {"memory": [asdict(look) for look in looks]}


def _profile(console: Console, dsns: Dsns, options: argparse.Namespace, cores: Cores, logs: Path) -> dict[str, object]:
    dsns = asyncio.run(ready_database(dsns, f"orders_{options.orders}", options.orders))
    tenants = asyncio.run(tenants_of(dsns))
    with beside(cores), console.status("sampling …"):
        found = profile(dsns, tenants, options.work, cores.server, options.seconds, logs)
    show_profile(console, found)
    return {"profile": asdict(found)}


def _against(
    console: Console, server: Embedded, options: argparse.Namespace, cores: Cores, logs: Path
) -> dict[str, object]:
    with other_tree(options.revision) as tree:
        here, there = ready_databases(server, tree, options.orders)
        tenants = asyncio.run(tenants_of(here))
        with (
            beside(cores),
            both_running(here, there, tree, cores.server, logs) as servers,
            console.status("comparing …") as status,
        ):
            figures = compare(servers, tenants, options.rounds, options.seconds, status.update)
    show_against(console, options.revision, figures)
    return {"against": {options.revision: as_json(figures)}}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure, as ratios in one run.")
    parser.add_argument("part", nargs="?", default="all", choices=PARTS_TO_RUN, help="what to run")
    parser.add_argument("--work", default="nested", choices=[work.name for work in WORKS], help="what is profiled")
    parser.add_argument("--revision", default="HEAD", help="the commit that this tree is measured against")
    parser.add_argument("--orders", type=int, default=ORDERS, help="orders in the database, kept for later runs")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the medians are shown")
    parser.add_argument("--seconds", type=float, default=4.0, help="seconds for a server at a work in a round")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ORDERS:,} orders, one short round: a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    options = parser.parse_args(arguments)
    if options.quick:
        options.orders, options.rounds, options.seconds = QUICK_ORDERS, 1, 1.0
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
