"""`tidegate config`: the settings in force, secrets masked."""

from typing import Annotated

import typer

from web.cli.output import print_json, print_plain


def command(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    as_example: Annotated[bool, typer.Option("--example", help="The text of .env.example instead.")] = False,
) -> None:
    """Print the settings in force, secrets masked."""
    from web.settings import Settings, example

    if as_example:
        print_plain(example(), end="")
        return
    shown = Settings.load().shown()
    if as_json:
        print_json(shown)
    else:
        print_plain("\n".join(f"{name}={value}" for name, value in shown.items()))
