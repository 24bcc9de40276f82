"""``python -m tests.faults``: the fault run for as long as wanted. Exit code 1 when anything was lost, doubled, out of
order or foreign, or a page differed from its list.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from tests.faults.account import Account
from tests.faults.diary import Faults
from tests.faults.storm import SUBSCRIBERS, storm


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    console = Console()
    console.print(f"{options.seconds:g} s, {options.subscribers} subscribers, seed {options.seed}", highlight=False)
    with console.status("setting up …") as status:
        account = asyncio.run(storm(options.seconds, options.seed, options.subscribers, status.update, options.only))
    _show(console, account)
    return 0 if account.faults == Faults() else 1


def _show(console: Console, account: Account) -> None:
    counts = {
        "strikes": account.struck,
        "ended by": account.ended,
        "connections": account.ways,
        "changes": account.written,
    }
    for title, counted in counts.items():
        console.print(f"{title:12}{_counted(counted)}", highlight=False)
    console.print(
        f"{'told':12}{account.events:,} events of three tenants: {account.told:,} deliveries and"
        f" {account.pages:,} pages to {account.operations} operations of {account.subscribers} subscribers;"
        f" all had all {account.caught_up:.1f} s after the storm",
        highlight=False,
    )
    found = account.faults
    text = (
        f"{found.lost:,} lost, {found.doubled:,} doubled, {found.misplaced:,} out of order, {found.foreign:,} foreign,"
        f" {found.differing:,} pages that differ"
    )
    console.print(f"{'':12}{text}", style="bold green" if found == Faults() else "bold red", highlight=False)
    console.print(
        f"{'':12}({account.repeated:,} repeated after a cut, as single connection mode may;"
        f" {account.silent:,} operations never told anything)",
        style="dim",
        highlight=False,
    )
    for story in account.stories[:10]:
        console.print(story, highlight=False)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common() if count)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Streams in bad weather.")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long it storms (600)")
    parser.add_argument("--subscribers", type=int, default=SUBSCRIBERS, help=f"how many ({SUBSCRIBERS})")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="repeats a run's choices")
    parser.add_argument("--only", nargs="*", default=(), metavar="STRIKE", help='such as "worker killed"')
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
