"""`tidegate schema`: the printed schema, which is checked in."""

from pathlib import Path
from typing import Annotated

import typer

from web.cli.failures import Failure
from web.cli.output import remark


def command(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when it drifted.")] = False,
) -> None:
    """Write schema/schema.graphql, or check it."""
    from schema import root

    path = Path(root.__file__).with_name("schema.graphql")
    printed = root.sdl()
    kept = path.read_text() if path.exists() else ""
    if check and kept != printed:
        raise Failure(difference(kept, printed) + "schema/schema.graphql is not what the code says: run `make schema`.")
    if not check and kept != printed:
        path.write_text(printed)
        remark(f"Wrote {path}.")


def difference(kept: str, printed: str) -> str:
    """A unified diff from the file to what the code prints."""
    from difflib import unified_diff

    lines = unified_diff(kept.splitlines(), printed.splitlines(), "schema/schema.graphql", "the code", lineterm="")
    return "".join(line + "\n" for line in lines)
