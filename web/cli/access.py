"""`tidegate access`: what a role sees of a document and why, and what two roles or two schemas let see differently."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auth.spaces import USUAL, Space
from web.cli.failures import Failure
from web.cli.output import print_json, print_table
from web.cli.role_files import elevatable_in, json_in, role_named, roles_in, text_of

if TYPE_CHECKING:
    from auth.permissions import PermissionSet
    from schema.access import Difference, Explained

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Explain what a role sees, and compare.")
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
RolesFile = Annotated[
    Path | None, typer.Option("--roles", help="The roles, as JSON: {name: [permission]}; else the system roles.")
]
_TOLD = {"ALLOWED": "allowed", "MASKED": "masked", "NULL": "null, with an error", "REFUSED": "refuses the operation"}


@app.command()
def explain(
    role: Annotated[str, typer.Option(help="The role's name.")],
    document: Annotated[Path, typer.Option(help="The file of the document; - is standard input.", allow_dash=True)],
    operation: Annotated[str | None, typer.Option(help="The operation's name, where there are several.")] = None,
    variables: Annotated[str, typer.Option(help="The variables, as JSON: their input fields are judged.")] = "{}",
    space: Annotated[Space, typer.Option(help="Where the role's bearer is.")] = USUAL,
    roles: RolesFile = None,
    as_json: AsJson = False,
) -> None:
    """Say of each coordinate of a document whether a role sees it, by which permission, and which role would."""
    from schema.access import BadDocument
    from schema.access import explain as explained
    from schema.root import schema

    known = roles_in(roles)
    core = schema()._schema  # Strawberry has no public name for the schema it builds
    try:
        found = explained(
            core,
            text_of(document),
            replace(role_named(known, role), space=space),
            known,
            operation=operation,
            variables=json_in(variables, "the variables"),
            elevatable=elevatable_in(roles),
        )
    except BadDocument as error:
        raise Failure(str(error)) from None
    if as_json:
        print_json([_explained_json(each) for each in found])
    else:
        told = [_row(each, role) for each in found]
        print_table(("coordinate", "what becomes of it", "permission", "seen by (↑ when elevated)"), told)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A role, a printed schema (.graphql), or roles (.json).")],
    after: Annotated[str, typer.Argument(help="Another of the same kind.")],
    roles: RolesFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what two roles see differently; or of two schemas, or two files of roles, what each role does."""
    found = _compared(before, after, roles_in(roles))
    if as_json:
        print_json([_difference_json(each) for each in found])
    else:
        told = [(each.role or "", each.coordinate, _access(each.before), _access(each.after)) for each in found]
        print_table(("role", "coordinate", before, after), told)


def _compared(before: str, after: str, roles: "Mapping[str, PermissionSet]") -> "list[Difference]":
    from schema.access import BadDocument, compare_grants, compare_roles, compare_schemas, schema_of
    from schema.root import schema

    kinds = {Path(each).suffix for each in (before, after)}
    core = schema()._schema  # as above
    try:
        if kinds == {".graphql"}:
            return compare_schemas(schema_of(text_of(Path(before))), schema_of(text_of(Path(after))), roles)
    except BadDocument as error:
        raise Failure(str(error)) from None
    if kinds == {".json"}:
        return compare_grants(core, roles_in(Path(before)), roles_in(Path(after)))
    return compare_roles(core, role_named(roles, before), role_named(roles, after))


def _access(access: Any) -> str:  # Any: an Access, or None
    return "not there" if access is None else _TOLD[access.name]


def _row(each: "Explained", role: str) -> tuple[str, ...]:
    told = f"{_access(each.access)} ({each.mask})" if each.mask else _access(each.access)
    told += " ↑" if role in each.by_elevation else ""
    seen_by = (*each.granted_by, *(f"↑ {name}" for name in each.by_elevation))
    by = f"space {' or '.join(each.spaces)}" if each.spaces else ", ".join(seen_by)
    return each.coordinate, told, each.permission or "", by


def _explained_json(each: "Explained") -> dict[str, object]:
    return {
        "coordinate": each.coordinate,
        "access": each.access.name,
        "permission": each.permission,
        "mask": each.mask,
        "grantedBy": list(each.granted_by),
        "byElevation": list(each.by_elevation),
        "spaces": list(each.spaces),
    }


def _difference_json(each: "Difference") -> dict[str, object]:
    return {
        "role": each.role,
        "coordinate": each.coordinate,
        "before": None if each.before is None else each.before.name,
        "after": None if each.after is None else each.after.name,
    }
