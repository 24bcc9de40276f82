"""``tidegate seed``: fill a migrated database with made-up tenants that look real."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from db.seed import SeedReport
from web.cli.database import operating, owner_dsn
from web.cli.failures import Failure
from web.cli.output import print_json
from web.settings import Settings

DEFAULT_ORDERS, DEFAULT_TENANTS = 1_000_000, 20


def command(
    orders: Annotated[int, typer.Option(min=1, help="Orders in all; the largest tenant holds half.")] = DEFAULT_ORDERS,
    tenants: Annotated[int, typer.Option(min=1, max=10_000, help="How many tenants share them.")] = DEFAULT_TENANTS,
    number: Annotated[int, typer.Option("--seed", help="The same number makes the same rows.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Fill the database with made-up tenants, customers, products and orders.

    Tenants that are there already are kept as they are, so it is safe to run again.
    """
    if orders < tenants:
        raise typer.BadParameter(f"{orders} orders are too few for {tenants} tenants")
    with operating(Settings.load()) as settings:
        report = asyncio.run(_seed(owner_dsn(settings), orders, tenants, number))
    if as_json:
        print_json(asdict(report))
    else:
        show_report(report, Console())


async def _seed(dsn: str, orders: int, tenants: int, number: int) -> SeedReport:
    from auth.permissions import ELEVATABLE, SYSTEM_ROLES
    from db.migrations.run import is_current
    from db.seed import seed as make
    from web.cli.progress import shown_progress

    if not await is_current(dsn):
        raise Failure("The database is not migrated: run `tidegate migrate` first.")
    with shown_progress() as progress:
        return await make(
            dsn,
            orders=orders,
            tenants=tenants,
            roles=SYSTEM_ROLES,
            elevatable=ELEVATABLE,
            seed=number,
            progress=progress,
        )


def show_report(report: SeedReport, console: Console) -> None:
    """A table of what was made, and a line about what was there before."""
    if report.made:
        columns = ("users", "customers", "products", "orders", "items")
        table = Table(show_footer=True)
        table.add_column("tenant", f"{len(report.made)} tenants", no_wrap=True)
        for name in columns:
            total = sum(getattr(made, name) for made in report.made)
            table.add_column(name, f"{total:,}", justify="right")
        for made in report.made:
            table.add_row(made.slug, *(f"{getattr(made, name):,}" for name in columns))
        console.print(table)
    if report.kept:
        console.print(f"Kept as they were: {', '.join(report.kept)}.", highlight=False)
    console.print(f"Done in {report.seconds:.1f} s.", highlight=False)
