"""`tidegate tenant`: makes tenants, and says from where they may be used."""

import asyncio
from typing import Annotated

import typer

from web.cli.output import print_json, print_plain

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make tenants, and say from where they may be used.")


@app.callback()
def _group() -> None:
    """Make tenants, and say from where they may be used."""


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


@app.command()
def addresses(
    slug: Annotated[str, typer.Argument(help="Which tenant.")],
    permission: Annotated[str, typer.Option(help="What is bound: a permission, admin:*, or * for everything.")] = "*",
    network: Annotated[
        list[str] | None, typer.Option(help="From where it counts, 203.0.113.0/24; may be given several times.")
    ] = None,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="Take the list of the permission away.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lists as JSON.")] = False,
) -> None:
    """Show from where a tenant may be used, and change it: at once, also for open streams."""
    from auth.address_desk import checked_list, put_list
    from auth.authenticate import tenant_of_operator
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    if network and anywhere:
        raise typer.BadParameter("Give --network or --anywhere, not both.")

    async def change(directory: Directory, _: Settings) -> dict[str, list[str]]:
        tenant = (await tenant_of_operator(directory, slug)).hex
        before = await directory.address_lists.of_tenant(tenant)
        if not network and not anywhere:
            return before
        return await put_list(directory, tenant, checked_list(permission, network or (), before), before)

    lists = asyncio.run(with_directory(change))
    if as_json:
        print_json(lists)
    for grant, networks in () if as_json else sorted(lists.items()):
        print_plain(f"{grant}  {' '.join(networks)}")
