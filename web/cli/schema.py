"""`tidegate schema`: what is printed from the code and checked in: the schema, the pages of errors and permissions."""

from pathlib import Path
from typing import Annotated

import typer

from web.cli.failures import Failure
from web.cli.output import remark


def command(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when it drifted.")] = False,
) -> None:
    """Write schema/schema.graphql, docs/errors.md and docs/permissions.md, or check them."""
    drifted = ""
    for path, printed in _printed().items():
        kept = path.read_text() if path.exists() else ""
        name = f"{path.parent.name}/{path.name}"
        if kept == printed:
            continue
        if check:
            drifted += difference(kept, printed, name) + f"{name} is not what the code says: run `make schema`.\n"
        else:
            path.write_text(printed)
            remark(f"Wrote {path}.")
    if drifted:
        raise Failure(drifted.rstrip("\n"))


def _printed() -> dict[Path, str]:
    """Each file and what it should hold; an installed copy has no docs."""
    from schema import root
    from web.cli.error_page import error_page
    from web.cli.permission_page import permission_page

    folder = Path(root.__file__).parent
    docs = folder.parent / "docs"
    pages = {docs / "errors.md": error_page(), docs / "permissions.md": permission_page()}
    return {folder / "schema.graphql": root.sdl(), **(pages if docs.is_dir() else {})}


def difference(kept: str, printed: str, name: str = "schema/schema.graphql") -> str:
    """A unified diff from the file to what the code prints."""
    from difflib import unified_diff

    lines = unified_diff(kept.splitlines(), printed.splitlines(), name, "the code", lineterm="")
    return "".join(line + "\n" for line in lines)
