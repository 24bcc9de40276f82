"""``tidegate simulate``: live demo traffic on one tenant, so that streams have something to say."""

import asyncio
import math
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from random import Random
from typing import TYPE_CHECKING, Annotated, Protocol

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from web.cli.database import operating, runtime_dsn
from web.cli.failures import Failure
from web.cli.output import print_json
from web.settings import Settings

if TYPE_CHECKING:
    from auth.principal import Principal
    from db.engine import Database
    from resolvers.context import WriteContext

RATE_OF_ONE_WORKER = 40.0
MOST_WORKERS = 16
SECONDS_BETWEEN_LINES = 5.0
KINDS = ("created", "moved", "edited", "relocated", "repriced", "refused")
Clock = Callable[[], float]


def command(
    rate: Annotated[float, typer.Option(min=0.01, max=2_000, help="Changes a second, on average.")] = 5.0,
    tenant: Annotated[str, typer.Option(help="The tenant's slug.")] = "acme",
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long; without it, at Ctrl-C.")] = None,
    email: Annotated[str | None, typer.Option(help="Who works; else manager@<tenant>.example.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the totals as JSON at the end.")] = False,
) -> None:
    """Create orders, move them along and write notes on them, as people would, until stopped.

    Whoever may changes customers and prices now and then, too (--email admin@<tenant>.example).
    """
    totals: dict[str, int] = {}
    with operating(Settings.load()) as settings, suppress(KeyboardInterrupt):
        asyncio.run(
            _simulate(runtime_dsn(settings), tenant, email or f"manager@{tenant}.example", rate, seconds, totals)
        )
    if as_json:
        print_json(totals)


class Acting(Protocol):
    """What makes one change at a time and counts them by kind."""

    counts: Counter[str]

    async def act(self) -> None: ...


async def _simulate(
    dsn: str, tenant: str, email: str, rate: float, seconds: float | None, totals: dict[str, int]
) -> None:
    from web.cli.traffic import Traffic

    async with _working(dsn, tenant, email) as ctx:
        traffic = Traffic(ctx, Random())
        await traffic.prepare()
        try:
            await run_traffic(traffic, rate, seconds, Console(stderr=True), tenant)
        finally:
            totals.update(traffic.counts)


async def run_traffic(
    traffic: Acting, rate: float, seconds: float | None, console: Console, tenant: str, clock: Clock = time.monotonic
) -> None:
    """``rate`` changes a second until ``seconds`` are over; without an end when None."""
    workers = min(MOST_WORKERS, math.ceil(rate / RATE_OF_ONE_WORKER))
    started = clock()
    work = [asyncio.create_task(_work(traffic, rate / workers)) for _ in range(workers)]
    try:
        with _shown(console) as show:
            while not any(task.done() for task in work):
                elapsed = clock() - started
                show(line_of(traffic.counts, tenant, elapsed), elapsed)
                if seconds is not None and elapsed >= seconds:
                    break
                await asyncio.wait(work, timeout=min(0.25, seconds or 0.25), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in work:
            task.cancel()
        outcomes = await asyncio.gather(*work, return_exceptions=True)
        console.print(line_of(traffic.counts, tenant, clock() - started), highlight=False, soft_wrap=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _work(traffic: Acting, rate: float) -> None:
    """Changes at random moments, so many a second on average; late ones are not made up for beyond a second."""
    random, due = Random(), time.monotonic()
    while True:
        due = max(due + random.expovariate(rate), time.monotonic() - 1.0)
        await asyncio.sleep(due - time.monotonic())
        await traffic.act()


@asynccontextmanager
async def _working(dsn: str, tenant: str, email: str) -> AsyncIterator["WriteContext"]:
    """A member of the tenant at work, with a hub that tells the other processes of what was committed."""
    from db.clock import utc_now
    from db.engine import Database
    from db.hub import Hub
    from resolvers.context import WriteContext

    database = await Database.open(dsn, size=MOST_WORKERS, directory_size=2)
    try:
        principal = await _principal(database, tenant, email)
        hub = Hub(database)
        await hub.start()
        try:
            yield WriteContext(
                principal,
                database.reader(principal.tenant, principal.scope),
                database,
                hub,
                utc_now,
                f"simulate-{secrets.token_hex(4)}",
            )
        finally:
            await hub.stop()
    finally:
        await database.close()


async def _principal(database: "Database", tenant: str, email: str) -> "Principal":
    """Signed in as anybody is, by a token whose key lives as long as this process. Raises Failure."""
    from auth.authenticate import Authenticator, Credentials
    from auth.errors import AuthError
    from auth.keyring import Keyring
    from auth.operators import issue_token

    keyring = Keyring([secrets.token_hex(32)])
    try:
        token = await issue_token(database.directory, keyring, email, tenant, minutes=60)
        principal = await Authenticator(database.directory, keyring).authenticate(Credentials(token, None, None))
    except AuthError as error:
        raise Failure(str(error)) from error
    if principal is None or not principal.permissions.allows("orders:write"):
        raise Failure(f"{email} may not write orders in {tenant}: name somebody else with --email.")
    return principal


@contextmanager
def _shown(console: Console) -> Iterator[Callable[[str, float], None]]:
    """A line that changes in place on a terminal; elsewhere a line now and then."""
    if console.is_terminal:
        with Live(console=console, transient=True, refresh_per_second=4) as live:
            yield lambda line, _: live.update(Text(f"{line} · Ctrl-C stops", no_wrap=True, overflow="ellipsis"))
    else:
        said = 0.0

        def say(line: str, elapsed: float) -> None:
            nonlocal said
            if elapsed - said >= SECONDS_BETWEEN_LINES:
                said = elapsed
                console.print(line, highlight=False, soft_wrap=True)

        yield say


def line_of(counts: Mapping[str, int], tenant: str, elapsed: float) -> str:
    """What has been done so far, on one line. ``elapsed`` in seconds."""
    total = sum(counts.values())
    rate = total / elapsed if elapsed > 0 else 0.0
    done = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts.get(kind))
    return f"{tenant}: {total:,} changes in {elapsed:.0f} s ({rate:.1f}/s){': ' + done if done else ''}"
