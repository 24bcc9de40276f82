"""`tidegate tenant`: makes tenants."""

import asyncio
from typing import Annotated

import typer

from web.cli.output import print_json, print_plain

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make tenants.")


@app.callback()
def _group() -> None:
    """Make tenants."""


@app.command()
def create(
    slug: Annotated[str, typer.Argument(help="Its short name: a-z, 0-9 and -.")],
    name: Annotated[str | None, typer.Option(help="Its full name; the slug without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the tenant as JSON.")] = False,
) -> None:
    """Make a tenant, with the system roles and nobody in it."""
    from auth.operators import create_tenant
    from db.ids import public_id
    from web.cli.directory import with_directory

    tenant = asyncio.run(with_directory(lambda directory, _: create_tenant(directory, slug, name or slug)))
    made = {"id": public_id("ten", tenant), "slug": slug, "name": name or slug}
    print_json(made) if as_json else print_plain(f"{made['id']} {slug}")
