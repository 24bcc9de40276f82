"""`tidegate token`: a bearer token for scripts."""

import asyncio
from typing import Annotated

import typer

from auth.spaces import USUAL, Space
from web.cli.output import print_json, print_plain


def command(
    email: Annotated[str, typer.Option(help="Whose token.")],
    tenant: Annotated[str | None, typer.Option(help="Its slug; needed when the user has several.")] = None,
    space: Annotated[Space, typer.Option(help="Where its bearer is.")] = USUAL,
    minutes: Annotated[int, typer.Option(min=1, max=43200, help="How long it lives.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Print a bearer token."""
    from auth.keyring import Keyring
    from auth.operators import issue_token
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.cli.failures import Failure
    from web.settings import Settings

    async def issue(directory: Directory, settings: Settings) -> str:
        if not settings.secrets:
            raise Failure("TIDEGATE_SECRETS is missing: the token must be signed with the server's.")
        return await issue_token(directory, Keyring(settings.secrets), email, tenant, minutes, space=space)

    token = asyncio.run(with_directory(issue))
    print_json({"token": token, "minutes": minutes}) if as_json else print_plain(token)
