"""`tidegate user`: makes users, and resets their passwords."""

import asyncio
import sys
from typing import Annotated

import typer

from auth.spaces import Space
from web.cli.output import print_json, print_plain

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make users, and reset their passwords.")
ByHand = Annotated[bool, typer.Option("--password-stdin", help="Read the password; else one is made.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="The name that others see.")],
    tenant: Annotated[str, typer.Option(help="The tenant to belong to, by slug.")],
    role: Annotated[str, typer.Option(help="The role there: admin, manager, viewer, partner.")] = "viewer",
    from_stdin: ByHand = False,
    as_json: AsJson = False,
) -> None:
    """Make a user and print the password."""
    from auth.operators import create_user
    from auth.passwords import Passwords
    from db.directory import Directory
    from db.ids import public_id
    from web.cli.directory import with_directory
    from web.cli.failures import Failure
    from web.settings import Settings

    password = _password(from_stdin)

    async def make(directory: Directory, _: Settings) -> str:
        if await directory.tenant_by_slug(tenant) is None:
            raise Failure(f"There is no tenant {tenant!r}: `tidegate tenant create {tenant}` makes it.")
        return await create_user(directory, Passwords(), email, name, password, tenant_slug=tenant, role=role)

    user = public_id("usr", asyncio.run(with_directory(make)))
    made = {"id": user, "email": email, "tenant": tenant, "role": role} | ({} if from_stdin else {"password": password})
    print_json(made) if as_json else print_plain(" ".join(made.values()))


@app.command()
def reset(
    email: Annotated[str, typer.Option(help="Whose password.")],
    link: Annotated[
        bool, typer.Option("--link", help="Print a link instead; until it is used nothing changes.")
    ] = False,
    from_stdin: ByHand = False,
    as_json: AsJson = False,
) -> None:
    """Give a user a new password and print it; every session and every bearer token of the user ends."""
    from auth.operators import reset_password
    from auth.passwords import Passwords
    from web.cli.directory import with_directory

    if link:
        _print_link(email, as_json)
        return
    password = _password(from_stdin)
    asyncio.run(with_directory(lambda directory, _: reset_password(directory, Passwords(), email, password)))
    made = {"email": email} | ({} if from_stdin else {"password": password})
    print_json(made) if as_json else print_plain(" ".join(made.values()))


@app.command()
def spaces(
    email: Annotated[str, typer.Option(help="Whose membership.")],
    tenant: Annotated[str, typer.Option(help="Of which tenant, by slug.")],
    space: Annotated[list[Space], typer.Option(help="A space to allow; may be given several times.")],
) -> None:
    """Say which spaces a member may be in; the first is where sessions go that were in another."""
    from auth.operators import allow_spaces
    from web.cli.directory import with_directory

    asyncio.run(with_directory(lambda directory, _: allow_spaces(directory, email, tenant, space)))


def _print_link(email: str, as_json: bool) -> None:
    """To the page for a new password: good once, for half an hour."""
    from auth.password_reset import MadeReset, make_reset
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def make(directory: Directory, settings: Settings) -> tuple[MadeReset, str]:
        here = f"http://{settings.host}:{settings.port}"
        return await make_reset(directory, email), (settings.public_url or here).rstrip("/")

    made, address = asyncio.run(with_directory(make))
    url = f"{address}/auth/reset?token={made.token}"
    print_json({"email": email, "link": url, "expires_at": made.expires_at}) if as_json else print_plain(url)


def _password(from_stdin: bool) -> str:
    """Never from an argument: the machine's other users could read it."""
    from auth.passwords import make_password

    return sys.stdin.readline().rstrip("\r\n") if from_stdin else make_password()
