"""``python -m tests.fuzz``: random operations, run by the engine and by the reference, until they differ.

Prints the seed and the number of each difference; a seed draws the same operations every time.
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.support.completions import Completions, sources_of
from tests.support.database import RunFolder, Server
from tests.support.executors import CORE, Executors, facts_of
from tests.support.operations import Asked, Operations
from tests.support.reached import Reached
from tests.support.strangers import EVERYWHERE
from tests.support.world import open_world
from web.logs import configure


def main(arguments: Sequence[str]) -> int:
    """0 when both always agreed."""
    options = _options(arguments)
    console = Console(highlight=False)
    configure(level="error")  # a slow operation is no news here
    folder = RunFolder.begin()
    try:
        server = Server(folder.path)
        try:
            return asyncio.run(_fuzz(server, options, console))
        finally:
            server.leave()
    finally:
        folder.end()


async def _fuzz(server: Server, options: argparse.Namespace, console: Console) -> int:
    async with open_world(await server.create("fuzz")) as world:
        executors, completions = Executors.of(world, reached=await Reached.of(world)), Completions(world)
        operations = Operations(CORE, await facts_of(world, options.seed), options.seed, EVERYWHERE)
        found = 0
        console.print(f"seed {options.seed}, {options.count:,} operations")
        for index in track(range(options.count), "asking both executors …", console=console):
            for asked, told in await _ask(index, operations, executors, completions):
                if told is not None:
                    found += 1
                    where = f"operation {index} of seed {options.seed}"
                    console.print(f"{where}: {told}\n{asked}", markup=False, style="red")
            if found >= options.most:
                break
    _show(console, executors, completions)
    again = f'make fuzz ARGS="--seed {options.seed} --count {options.count}"'
    console.print(f"{found} differences; again: {again}" if found else f"No difference; again: {again}")
    return int(found > 0)


async def _ask(
    index: int, operations: Operations, executors: Executors, completions: Completions
) -> list[tuple[Asked, str | None]]:
    """A query; now and then a mutation and events of a stream too."""
    asked = operations.draw()
    told = [(asked, await executors.difference(asked))]
    if index % 10 == 0:
        asked = operations.change()
        told.append((asked, await completions.change(asked)))
    if index % 20 == 0:
        sources = await sources_of(completions.world)
        field = list(sources)[index // 20 % len(sources)]
        asked = operations.watch(field)
        told += [(asked, await completions.event(asked, source)) for source in sources[field]]
    return told


def _show(console: Console, executors: Executors, completions: Completions) -> None:
    table = Table("outcome", "operations", title=f"{executors.share:.0%} of what succeeded ran on the engine")
    for outcome in ("engine", "reference", "failed", "refused"):
        table.add_row(outcome, f"{executors.outcomes[outcome]:,}")
    table.add_section()
    for reason, count in executors.ran.most_common():
        table.add_row("ran by the engine" if reason == "engine" else f"fell back: {reason}", f"{count:,}")
    table.add_section()
    for outcome, count in completions.outcomes.most_common():
        table.add_row(f"mutations and events: {outcome}", f"{count:,}")
    console.print(table)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("make fuzz", description="Random operations, run by both executors.")
    parser.add_argument("--count", type=int, default=20_000, help="how many operations")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="which ones; random without it")
    parser.add_argument("--most", type=int, default=5, help="stop after so many differences")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
