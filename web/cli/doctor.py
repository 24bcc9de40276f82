"""`tidegate doctor`: examines the installation and says what is wrong and how to mend it."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.output import print_json

if TYPE_CHECKING:
    from db.doctor import Finding
    from web.settings import Settings


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Leave out the canary, which writes rows of two tenants of its own.")
    ] = False,
) -> None:
    """Examine the installation: packages, database, roles, row-level security, event log, replica, Redis.

    Two tenants made for it are asked whether they see anything of each other."""
    from web.cli.database import operating
    from web.settings import Settings

    with operating(Settings.load()) as settings:
        findings = asyncio.run(_examine_all(settings, canary=not read_only))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _show(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


async def _examine_all(settings: "Settings", *, canary: bool) -> "list[Finding]":
    """``examine``, the replica, without which a server starts too, and the canary where it can be written. Raises
    Failure without DATABASE_URL.
    """
    from db.doctor_replica import examine_replica
    from web.cli.canary import examine_canary
    from web.cli.database import runtime_dsn

    findings = await examine(settings)
    if settings.database_replica_url is not None:
        findings += await examine_replica(runtime_dsn(settings), settings.database_replica_url)
    if canary and all(finding.ok for finding in findings):
        findings.append(await examine_canary(runtime_dsn(settings)))
    return findings


async def examine(settings: "Settings") -> "list[Finding]":
    """Every check that these settings allow. Raises Failure without DATABASE_URL."""
    from db.doctor import examine_database, examine_redis
    from web.cli.database import runtime_dsn

    findings = [examine_rooms(), *await examine_database(runtime_dsn(settings))]
    if settings.redis_url is not None:
        findings.append(await examine_redis(settings.redis_url))
    return findings


def examine_rooms() -> "Finding":
    """Whether the five packages are ours."""
    from db.doctor import Finding
    from web.rooms import stray_rooms

    strays = stray_rooms()
    detail = ", ".join(f"{room} from {place}" for room, place in strays.items()) or "under one root"
    mend = "Give Tidegate an environment of its own: another package took the name."
    return Finding("The five packages are ours", not strays, detail, "" if not strays else mend)


def _show(findings: "list[Finding]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("", "Check", "Found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        mend = f"\n→ {finding.mend}" if finding.mend else ""
        mark = "[green]✓[/]" if finding.ok else "[bold red]✗[/]"
        table.add_row(mark, finding.check, finding.detail + mend)
    console = Console(highlight=False)
    console.print(table)
    wrong = sum(not finding.ok for finding in findings)
    console.print("\nAll is well." if not wrong else f"\n{wrong} of {len(findings)} checks found something wrong.")
