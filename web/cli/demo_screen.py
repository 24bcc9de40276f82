"""The one screen that the demo prints: rich on a terminal, plain text elsewhere."""

import json
from dataclasses import dataclass
from shlex import quote

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

QUERY = "{ orders(first: 3) { nodes { number status total { amount currency } customer { name } } } }"
STREAM = "subscription { orderEvents { type id ts cursor } }"
PLACES = {
    "GraphiQL": "/graphiql",
    "Sign-in": "/auth/login",
    "GraphQL": "/graphql",
    "Schema": "/schema.graphql",
    "Health": "/health/ready",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """What is to be told. ``passwords`` by email; ``token`` is of ``signed_in_as``; ``notes`` are whole sentences."""

    base: str
    passwords: dict[str, str]
    token: str
    signed_in_as: str
    seconds: float
    notes: tuple[str, ...]

    @property
    def roles(self) -> list[str]:
        return list(dict.fromkeys(email.split("@")[0] for email in self.passwords))

    @property
    def tenants(self) -> list[str]:
        return list(dict.fromkeys(email.split("@")[1].removesuffix(".example") for email in self.passwords))

    def login(self, role: str, tenant: str) -> tuple[str, str]:
        email = f"{role}@{tenant}.example"
        return email, self.passwords[email]

    def curl(self, document: str, *, stream: bool = False) -> str:
        """One line for a shell. Both work as they are, for a day, and end what they print with a line's end."""
        body = quote(json.dumps({"query": document}))
        accept = " -H 'Accept: text/event-stream'" if stream else ""
        flags = "-N" if stream else r"-s -w '\n'"
        return (
            f"curl {flags} {self.base}/graphql{accept} -H 'Content-Type: application/json' "
            f"-H 'Authorization: Bearer {self.token}' -d {body}"
        )


def show(screen: Screen, console: Console) -> None:
    """Print it."""
    if console.is_terminal:
        _show_rich(screen, console)
    else:
        console.file.write(plain(screen))
        console.file.flush()


def plain(screen: Screen) -> str:
    """The whole screen without frames, colours or wrapped lines."""
    lines = [f"Tidegate demo, ready in {screen.seconds:.1f} s", ""]
    lines += [f"{name:<10}{screen.base}{path}" for name, path in PLACES.items()]
    lines += ["", "Logins"]
    for tenant in screen.tenants:
        lines += ["  {:<26}{}".format(*screen.login(role, tenant)) for role in screen.roles]
    lines += ["", f"A query, as {screen.signed_in_as}", screen.curl(QUERY)]
    lines += ["", "A stream; `tidegate simulate` in another terminal gives it something to say"]
    lines += [screen.curl(STREAM, stream=True), "", *screen.notes]
    return "\n".join(lines) + "\n"


def _show_rich(screen: Screen, console: Console) -> None:
    console.print()
    console.print(Text.assemble(("  Tidegate demo", "bold cyan"), (f"   ready in {screen.seconds:.1f} s", "dim")))
    console.print()
    for name, path in PLACES.items():
        link = Text(screen.base + path, style=f"underline link {screen.base}{path}")
        console.print(Text.assemble(f"  {name:<10}", link))
    console.print()
    console.print(Padding(_logins(screen), (0, 0, 0, 2)))
    for title, command in (
        (f"A query, as {screen.signed_in_as}", screen.curl(QUERY)),
        (
            "A stream; `tidegate simulate` in another terminal gives it something to say",
            screen.curl(STREAM, stream=True),
        ),
    ):
        console.print(f"\n  {title}", style="bold", highlight=False, markup=False)
        # Not wrapped and not framed: what is pasted must be one line.
        console.print(command, soft_wrap=True, highlight=False, markup=False)
    console.print()
    for note in screen.notes:
        console.print(f"  {note}", style="dim", highlight=False, markup=False)


def _logins(screen: Screen) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("Logins", style="bold", no_wrap=True)
    for tenant in screen.tenants:
        table.add_column(tenant, no_wrap=True)
    for role in screen.roles:
        cells = [Text.assemble(email, "\n", (password, "green")) for email, password in _row(screen, role)]
        table.add_row(role, *cells)
    return table


def _row(screen: Screen, role: str) -> list[tuple[str, str]]:
    return [screen.login(role, tenant) for tenant in screen.tenants]
