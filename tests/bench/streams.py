"""``python -m tests.bench.streams``: how many streams one process carries, beside programs that only write bytes."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench import streams_plan as plan
from tests.bench.database import FOLDER, dsns_of, ready_database, running_server
from tests.bench.machine import machine
from tests.bench.report import show_machine
from tests.bench.serve import allow_many_files
from tests.bench.servers import ROOT, Cores, beside, pin_postgres
from tests.bench.streams_people import DATABASE, ORDERS, TENANTS, crowded_tenants
from tests.bench.streams_plan import QUICK, Size
from tests.bench.streams_report import show_deliveries, show_heading, show_idle, show_return
from tests.bench.streams_works import BARE, BARE_ASGI, Stage
from tests.support.database import Dsns

SPARE_FILES = 200
"""What this process opens beside the streams."""
Result = dict[str, Any]  # Any: figures as JSON


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for, print it, keep it as JSON when asked to."""
    options = _options(arguments)
    console, cores = Console(), Cores.found()
    size = QUICK if options.quick else Size()
    size = replace(size, idle=min(size.idle, allow_many_files() - SPARE_FILES))
    shape = f"one process on one core, {size.rate:g} events a second for {size.seconds:g} s"
    show_machine(console, machine(), shape)
    result: Result = {"machine": machine(), "size": asdict(size)}
    with running_server(ROOT / FOLDER) as server:
        logs = ROOT / FOLDER / "logs"
        logs.mkdir(exist_ok=True)
        pin_postgres(server.data_dir, cores.rest)
        stage = _stage(console, dsns_of(server), cores, logs)
        with beside(cores):
            for name in options.works or WORKS:
                result |= WORKS[name](console, stage, size)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def _stage(console: Console, dsns: Dsns, cores: Cores, logs: Path) -> Stage:
    with console.status("making the database, once …"):
        found = asyncio.run(ready_database(dsns, DATABASE, ORDERS, tenants=TENANTS))
        return Stage(found.runtime, asyncio.run(crowded_tenants(found)), cores, logs)


def _equal(console: Console, stage: Stage, size: Size) -> Result:
    show_heading(console, f"{size.subscribers:,} equal subscribers", "goal p99 under 100 ms, 2.5 s of processor")
    with console.status("equal subscribers …"):
        ours = plan.run_equal(stage, size)
        found = {
            "Tidegate": ours,
            "bare ASGI, uvicorn": plan.run_bare(stage, size, BARE_ASGI, ours.frame),
            "only writes the bytes": plan.run_bare(stage, size, BARE, ours.frame),
        }
    show_deliveries(console, found)
    times = {title: ours.processor / each.processor for title, each in found.items() if each is not ours}
    console.print(", ".join(f"{times[title]:.1f} × {title}" for title in times), highlight=False)
    return {"equal": {title: asdict(each) for title, each in found.items()}}


def _filtered(console: Console, stage: Stage, size: Size) -> Result:
    show_heading(console, f"{size.subscribers:,} subscribers in {size.filters} filters", "goal p99 under 500 ms")
    with console.status("filters …"):
        found = {
            "all match each event": plan.run_filtered(stage, size),
            "a tenth matches": plan.run_narrow(stage, size),
        }
    show_deliveries(console, found)
    return {"filters": {title: asdict(each) for title, each in found.items()}}


def _alone(console: Console, stage: Stage, size: Size) -> Result:
    show_heading(console, "one subscriber on an idle system", "goal p50 under 10 ms, p99 under 50 ms")
    with console.status("one subscriber …"):
        found = {"Tidegate": plan.run_alone(stage, size)}
    show_deliveries(console, found)
    return {"alone": {title: asdict(each) for title, each in found.items()}}


def _idle(console: Console, stage: Stage, size: Size) -> Result:
    show_heading(console, f"{size.idle:,} idle streams", "goal under 20 kB each, under 3 % of a core")
    with console.status("idle streams …"):
        found = {"Tidegate": plan.run_idle(stage, size), "bare ASGI, uvicorn": plan.run_idle(stage, size, BARE_ASGI)}
    show_idle(console, found)
    return {"idle": {title: asdict(each) for title, each in found.items()}}


def _return(console: Console, stage: Stage, size: Size) -> Result:
    show_heading(console, f"{size.returning:,} clients resume at once", "the server was killed; goal: all within 15 s")
    with console.status("clients come back …"):
        found = plan.run_return(stage, size)
    show_return(console, found)
    return {"return": asdict(found)}


WORKS: dict[str, Callable[[Console, Stage, Size], Result]] = {
    "equal": _equal,
    "filters": _filtered,
    "alone": _alone,
    "idle": _idle,
    "return": _return,
}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.streams", description="Measure streams in one run.")
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"what to run, all by default: {', '.join(WORKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer of everything: a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    options = parser.parse_args(arguments)
    if unknown := set(options.works) - set(WORKS):
        parser.error(f"no such work: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
