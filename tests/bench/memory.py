"""What the server holds after an hour's worth of mixed requests: resident memory, looked at all the way."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from tests.bench import load, product
from tests.bench.contenders import PRODUCT
from tests.bench.serve import run_fast
from tests.bench.servers import Server, running
from tests.bench.tenants import Tenant
from tests.bench.works import WORKS, Work, post, spread
from tests.support.database import Dsns

HOUR = 60_000
"""Requests: some seventeen a second for an hour."""
STRETCHES = 20
"""Between two of them the memory is looked at."""
FRESH = 20
"""One request in so many has a text that was never seen before."""
GOAL = 150 * 2**20
_SHARES = {"flat": 30, "nested": 30, "single": 30, "large": 1, "deep": 9}
"""How often each work is asked, in a hundred."""


@dataclass(frozen=True, slots=True)
class Look:
    """Bytes of resident memory after so many requests."""

    requests: int
    resident: int


def measure_memory(
    dsns: Dsns, tenants: Sequence[Tenant], core: int, logs: Path, say: Callable[[str], None]
) -> list[Look]:
    """The looks, the first of them before any request."""
    with running(PRODUCT.name, PRODUCT.dsn(dsns), core, logs / "memory.log") as server:
        looks = [Look(0, server.memory())]
        queues = [_requests(tenants, random.Random(number)) for number in range(load.CONNECTIONS)]
        for turn in range(1, STRETCHES + 1):
            looks.append(_stretch(server, queues, turn))
            say(f"{looks[-1].requests:,} of {HOUR:,} requests: {looks[-1].resident / 2**20:.0f} MB")
    return looks


def show_memory(console: Console, looks: Sequence[Look]) -> None:
    table = Table("requests", title="Resident memory", title_justify="left")
    table.add_column("MB", justify="right")
    table.add_column("")
    for look in looks:
        table.add_row(f"{look.requests:,}", f"{look.resident / 2**20:.0f}", Bar(GOAL, 0, look.resident, width=50))
    console.print(table)
    half = looks[len(looks) // 2 :]
    grown = (half[-1].resident - half[0].resident) / 2**20
    console.print(
        f"The bars end at {GOAL // 2**20} MB, the goal. In the second half it grew by {grown:.1f} MB.", highlight=False
    )


def _stretch(server: Server, queues: Sequence[Iterator[bytes]], turn: int) -> Look:
    each = HOUR // STRETCHES // load.CONNECTIONS
    run_fast(load.run(server.port, [_some(queue, each) for queue in queues], 600.0, b'{"data":'))
    return Look(turn * each * load.CONNECTIONS, server.memory())


def _some(queue: Iterator[bytes], count: int) -> Iterator[bytes]:
    return (next(queue) for _ in range(count))


def _requests(tenants: Sequence[Tenant], draw: random.Random) -> Iterator[bytes]:
    """For ever: any work, of any tenant, and now and then in words of its own."""
    works = {work.name: work for work in WORKS}
    names, shares = list(_SHARES), list(_SHARES.values())
    while True:
        for tenant in spread(tenants, draw):
            work = works[draw.choices(names, shares)[0]]
            document = f"{work.document} # {draw.random()}" if draw.randrange(FRESH) == 0 else work.document
            yield post(document, _variables(work, tenant, draw), product.header(tenant))


def _variables(work: Work, tenant: Tenant, draw: random.Random) -> dict[str, object]:
    return work.variables(tenant, draw, product.cursor)
