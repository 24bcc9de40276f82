"""`tidegate key`: API keys for partners and services."""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from auth.spaces import USUAL, Space
from web.cli.output import print_json, print_plain, remark

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make, list, bind, rotate and revoke API keys.")
Tenant = Annotated[str, typer.Option(help="Whose keys, by slug.")]
Name = Annotated[str, typer.Argument(help="The key's public name, tgk_ and 12 characters.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command()
def create(
    tenant: Tenant,
    email: Annotated[str, typer.Option(help="Who makes it: it never does more than that member may.")],
    label: Annotated[str, typer.Option(help="What it is for.")],
    permission: Annotated[list[str], typer.Option(help="What it may do; may be given several times.")],
    network: Annotated[list[str] | None, typer.Option(help="Where it works: 203.0.113.0/24; else anywhere.")] = None,
    space: Annotated[Space, typer.Option(help="Where whoever uses it is.")] = USUAL,
    documents: Annotated[
        str, typer.Option(help="Which documents it runs: ad-hoc (any), registered, or trusted.")
    ] = "ad-hoc",
    days: Annotated[int, typer.Option(min=1, max=1825, help="How long it lives.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: it is shown now and never again."""
    from auth.document_policy import BY_NAME
    from auth.errors import OperatorError
    from auth.key_desk import MadeKey, NewKey, create_key
    from auth.operators import member_of
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def make(directory: Directory, _: Settings) -> MadeKey:
        member = await member_of(directory, email, tenant)
        if member.permissions is None:
            raise OperatorError("not a member", f"{email} does not belong to {tenant}.")
        if documents not in BY_NAME:
            raise OperatorError("documents", f"Documents are {', '.join(BY_NAME)}; not {documents!r}.")
        new = NewKey(label, tuple(permission), tuple(network or ()), days, space, BY_NAME[documents])
        return await create_key(directory, member.tenant_id, member.user_id, member.permissions, new)

    made = asyncio.run(with_directory(make))
    _show(made.text, made.name, str(made.expires_at), as_json)


@app.command("list")
def list_(
    tenant: Tenant,
    prefix: Annotated[str, typer.Option(help="Only those whose name begins so.")] = "",
    as_json: AsJson = False,
) -> None:
    """List a tenant's keys, the newest first."""
    from auth.authenticate import tenant_of_operator
    from auth.key_desk import list_keys
    from db.directory import Directory, Row
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def find(directory: Directory, _: Settings) -> list[Row]:
        return await list_keys(directory, (await tenant_of_operator(directory, tenant)).hex, prefix)

    shown = (
        *("name", "label", "permissions", "networks", "documents"),
        *("created_at", "expires_at", "used_at", "revoked_at", "email"),
    )
    found = [{each: row[each] for each in shown} for row in asyncio.run(with_directory(find))]
    if as_json:
        print_json(found)
    for row in () if as_json else found:
        state = "revoked" if row["revoked_at"] else f"until {row['expires_at']:%Y-%m-%d}"
        used = f"{row['used_at']:%Y-%m-%d %H:%M}" if row["used_at"] else "never"
        bound = "" if row["documents"] == "AD_HOC" else f"  {row['documents'].lower()} documents alone"
        print_plain(f"{row['name']}  {row['label']}  {state}  used {used}  {' '.join(row['permissions'])}{bound}")


@app.command()
def rotate(
    name: Name,
    tenant: Tenant,
    hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old one goes on.")] = 24,
    days: Annotated[int, typer.Option(min=1, max=1825, help="How long the new one lives.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Make a key like this one and print it; the old one goes on for some hours."""
    from auth.authenticate import tenant_of_operator
    from auth.key_desk import MadeKey, rotate_key
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def make(directory: Directory, _: Settings) -> MadeKey:
        owner = (await tenant_of_operator(directory, tenant)).hex
        return await rotate_key(directory, owner, name, timedelta(hours=hours), days)

    made = asyncio.run(with_directory(make))
    _show(made.text, made.name, str(made.expires_at), as_json)


@app.command()
def bind(
    name: Name,
    tenant: Tenant,
    documents: Annotated[str, typer.Option(help="Which documents it runs: ad-hoc (any), registered, or trusted.")],
) -> None:
    """Let a key run these documents and no others: from now on, and on its open streams."""
    from auth.api_keys import name_of
    from auth.authenticate import tenant_of_operator
    from auth.document_policy import BY_NAME
    from auth.errors import OperatorError
    from auth.key_desk import bind_key
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def change(directory: Directory, _: Settings) -> None:
        if documents not in BY_NAME:
            raise OperatorError("documents", f"Documents are {', '.join(BY_NAME)}; not {documents!r}.")
        owner = (await tenant_of_operator(directory, tenant)).hex
        await bind_key(directory, owner, name, BY_NAME[documents])

    asyncio.run(with_directory(change))
    remark(f"{name_of(name)} runs {documents} documents.")


@app.command()
def revoke(name: Name, tenant: Tenant) -> None:
    """End a key at once, with all its streams."""
    from auth.api_keys import name_of
    from auth.authenticate import tenant_of_operator
    from auth.key_desk import revoke_key
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def end(directory: Directory, _: Settings) -> None:
        owner = (await tenant_of_operator(directory, tenant)).hex
        await revoke_key(directory, owner, name)

    asyncio.run(with_directory(end))
    remark(f"{name_of(name)} is revoked.")


def _show(text: str, name: str, expires_at: str, as_json: bool) -> None:
    if as_json:
        print_json({"key": text, "name": name, "expires_at": expires_at})
    else:
        print_plain(text)
        remark(f"This is {name}, good until {expires_at}. It is not kept anywhere: it cannot be shown again.")
