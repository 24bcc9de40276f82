"""`tidegate migrate`: the only verb, beside the demo, that changes the schema."""

import asyncio
from typing import Annotated

import typer

from web.cli.failures import Failure
from web.cli.output import print_json, remark


def command(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when it is behind.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as one JSON object.")] = False,
) -> None:
    """Bring the database's schema up to date, as the owner, and remove what is over."""
    from db.migrations.head import head_revision
    from db.migrations.run import is_current, prune_over, upgrade
    from web.cli.database import operating, owner_dsn, runtime_login
    from web.settings import Settings

    with operating(Settings.load()) as settings:
        dsn = owner_dsn(settings)
        current, pruned = asyncio.run(is_current(dsn)), {}
        if not check:
            # Even at head: it admits the runtime login, makes the logs' next partitions and drops the oldest.
            login, log_days, audit_days = runtime_login(settings), settings.log_days, settings.audit_days
            asyncio.run(upgrade(dsn, runtime_login=login, keep_days=log_days, audit_days=audit_days))
            pruned = asyncio.run(prune_over(dsn))
    if as_json:
        migrated = not check and not current
        said = {"current": current or not check, "revision": head_revision(), "migrated": migrated, "pruned": pruned}
        print_json(said)
    elif not check:
        remark("The schema was up to date." if current else f"Migrated to {head_revision()}.")
    if check and not current:
        raise Failure("The schema is behind this version: run `tidegate migrate`.")
