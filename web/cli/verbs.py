"""The table of verbs, and the group that imports a verb's file when it is called: `tidegate --help` imports none."""

from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

VERBS = {
    "demo": "Serve a demo with an embedded PostgreSQL: tenants, logins, 100,000 orders.",
    "serve": "Serve in production, with the settings of the environment.",
    "migrate": "Bring the database's schema up to date.",
    "seed": "Fill the database with made-up tenants.",
    "simulate": "Make live traffic: orders are placed and move on.",
    "tail": "Follow a tenant's events in the terminal.",
    "schema": "Write schema/schema.graphql, or check it.",
    "tenant": "Make tenants.",
    "user": "Make users, and reset their passwords.",
    "token": "Print a bearer token, for scripts.",
    "key": "Make, list, bind, rotate and revoke API keys.",
    "documents": "Publish, list, show, check and retire registered documents.",
    "access": "Explain what a role sees, and compare roles and schemas.",
    "doctor": "Examine the installation and say what is wrong.",
    "config": "Print the settings in force.",
}
"""Verb and the line that tells what it does. ``web/cli/<verb>.py`` holds a function ``command``, or for a group a
``typer.Typer`` named ``app``."""


class _Unread(TyperCommand):
    """A verb known by its line only; called, it becomes the one in its file."""

    def make_context(self, *args: Any, **extra: Any) -> typer.Context:  # Any: passed on as it came
        return cast("typer.Context", load(str(self.name)).make_context(*args, **extra))


class _Verbs(TyperGroup):
    """The group of all verbs."""

    def list_commands(self, ctx: object) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: object, cmd_name: str) -> _Unread | None:
        return _Unread(name=cmd_name, help=VERBS[cmd_name]) if cmd_name in VERBS else None


def load(verb: str) -> TyperCommand | TyperGroup:
    """The verb's own command, from its file."""
    module = import_module(f"web.cli.{verb}")
    verb_app = getattr(module, "app", None)
    if verb_app is None:
        verb_app = typer.Typer(add_completion=False)
        verb_app.command(verb)(module.command)
    return cast("TyperCommand | TyperGroup", get_command(verb_app))


app = typer.Typer(
    cls=_Verbs,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tidegate: a multi-tenant GraphQL gateway with streams that lose nothing.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _every_verb() -> None:
    """Tidegate: a multi-tenant GraphQL gateway with streams that lose nothing."""
