"""``python -m tests.hostile``: every hostile case against one server, and a table of how it took them. Exit code 1 when
one was not refused as it should be, or anything was left behind.
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from rich.console import Console
from rich.status import Status
from rich.table import Table

from tests.hostile.attack import Account, Result, besiege
from tests.hostile.server import attacked
from tests.support.database import RunFolder, Server


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    console = Console()
    folder = RunFolder.begin()
    try:
        with console.status("setting up …") as status:
            server = Server(folder.path)
            account = asyncio.run(_run(server, options.rounds, status))
        server.leave()
    finally:
        folder.end()
    _show(console, account, options.rounds)
    return 1 if account.faults else 0


def _show(console: Console, account: Account, rounds: int) -> None:
    results, faults = account.results, account.faults
    console.print(_table(results), highlight=False)
    for fault in faults:
        console.print(fault, style="red", highlight=False, markup=False)
    slowest = max(results, key=lambda each: each.reply.seconds)
    text = (
        f"{len({each.case.name for each in results})} cases, {rounds} rounds, {len(faults)} faults. The slowest answer"
        f" took {slowest.reply.seconds:.2f} s ({slowest.case.name}). Memory: {account.before.memory:.0f} MB before,"
        f" {account.after.memory:.0f} MB after. The server is well."
    )
    console.print(text, style="bold red" if faults else "bold green", highlight=False)


async def _run(server: Server, rounds: int, status: Status) -> Account:
    dsns = await server.create(uuid4().hex)
    with TemporaryDirectory(prefix="tidegate-hostile-") as path:
        async with attacked(dsns, Path(path)) as target:
            return await besiege(target, dsns, rounds, tell=status.update)


def _table(results: Sequence[Result]) -> Table:
    kinds: defaultdict[str, list[Result]] = defaultdict(list)
    for each in results:
        kinds[each.kind].append(each)
    table = Table("sent", "cases", "as they should", "median", "slowest", "which", box=None)
    for kind, found in kinds.items():
        times = sorted(found, key=lambda each: each.reply.seconds)
        good = sum(1 for each in found if not each.faults)
        row = [kind, str(len({each.case.name for each in found})), f"{good} of {len(found)}"]
        row += [f"{times[len(times) // 2].reply.seconds * 1000:.1f} ms", f"{times[-1].reply.seconds * 1000:.0f} ms"]
        table.add_row(*row, times[-1].case.name, style=None if good == len(found) else "red")
    return table


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description="What no client should send.")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is sent (3)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
