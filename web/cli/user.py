"""`tidegate user`: makes users, and resets their passwords."""

import asyncio
import sys
from typing import Annotated

import typer

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
    email: Annotated[str, typer.Option(help="Whose password.")], from_stdin: ByHand = False, as_json: AsJson = False
) -> None:
    """Give a user a new password and print it; every session and every bearer token of the user ends."""
    from auth.operators import reset_password
    from auth.passwords import Passwords
    from web.cli.directory import with_directory

    password = _password(from_stdin)
    asyncio.run(with_directory(lambda directory, _: reset_password(directory, Passwords(), email, password)))
    made = {"email": email} | ({} if from_stdin else {"password": password})
    print_json(made) if as_json else print_plain(" ".join(made.values()))


def _password(from_stdin: bool) -> str:
    """Never from an argument: the machine's other users could read it."""
    from auth.passwords import make_password

    return sys.stdin.readline().rstrip("\r\n") if from_stdin else make_password()
