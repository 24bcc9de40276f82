"""`tidegate documents`: the registry of documents, filled from what front ends' tools write."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.failures import Failure
from web.cli.output import print_json, print_plain, print_table, remark
from web.cli.role_files import role_named, roles_in, text_of

if TYPE_CHECKING:
    from db.directory import Row
    from db.documents import Draft
    from schema.manifests import Entry

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Publish, list, show, check and retire registered documents."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
Id = Annotated[str, typer.Argument(help="The document's id, or its first digits.")]
RolesFile = Annotated[
    Path | None, typer.Option("--roles", help="The roles, as JSON: {name: [permission]}; else the system roles.")
]
TEXTS = (".graphql", ".gql")
MOST_TOLD = 50


@app.command()
def publish(
    path: Annotated[Path, typer.Argument(help="A manifest of Apollo, Relay or graphql-codegen, a text, or a folder.")],
    owner: Annotated[str, typer.Option(help="Who answers for them: a team, an address.")],
    grant: Annotated[
        list[str] | None, typer.Option(help="For whom: a tenant's slug or a key's name, several times; else everybody.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="The role that they are meant for: it must see all of it.")] = None,
    nulls: Annotated[bool, typer.Option("--nulls", help="Fields that the role sees as null will do.")] = False,
    sunset: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that ends them (UTC).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong with them.")] = False,
    roles: RolesFile = None,
    as_json: AsJson = False,
) -> None:
    """Register documents, or renew what is known of them: all that are in PATH, or none of them."""
    from auth.document_desk import grantee_of
    from auth.document_desk import publish as put
    from db.directory import Directory
    from db.documents import Terms
    from web.cli.directory import with_directory
    from web.settings import Settings

    drafts = _examined(entries_in(path), role, roles, nulls=nulls)
    if dry_run:
        remark(f"{len(drafts)} documents are fit to be published.")
        return
    ends = None if sunset is None else sunset.replace(tzinfo=UTC)

    async def register(directory: Directory, _: Settings) -> dict[str, bool]:
        grantees = [await grantee_of(directory, each) for each in grant or ()]
        return await put(directory, drafts, Terms(owner, role, grantees, ends))

    fresh = asyncio.run(with_directory(register))
    told = [(draft, "new" if fresh[draft.id] else "known") for draft in drafts]
    if as_json:
        print_json([{"id": each.id, "operations": list(each.operations), "is": state} for each, state in told])
        return
    print_table(("id", "operations", ""), [(each.id[:12], ", ".join(each.operations), state) for each, state in told])
    remark(f"Published for {', '.join(grant or ('everybody',))}: {len(drafts)}.")


@app.command("list")
def list_(
    registered: Annotated[
        bool, typer.Option("--registered", help="Also what only requests registered, and nobody published.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List documents, the newest first, and how much they are used."""
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.cli.document_facts import HEAD, facts_of, line_of
    from web.settings import Settings

    async def find(directory: Directory, _: Settings) -> "list[Row]":
        return await directory.documents.all(registered=registered)

    found = [facts_of(row) for row in asyncio.run(with_directory(find))]
    if as_json:
        print_json(found)
    else:
        print_table(HEAD, [line_of(each) for each in found])


@app.command()
def show(id: Id, as_json: AsJson = False) -> None:
    """Show all that is known of a document, and its text."""
    from auth.document_desk import find_one
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.cli.document_facts import facts_of, lines_of
    from web.settings import Settings

    async def find(directory: Directory, _: Settings) -> "Row":
        return await find_one(directory, id)

    row = asyncio.run(with_directory(find))
    facts = facts_of(row)
    if as_json:
        print_json({**facts, "coordinates": row["coordinates"], "text": row["text"]})
        return
    print_table(("", ""), lines_of(facts, row["coordinates"]))
    print_plain("")
    print_plain(row["text"])


@app.command()
def retire(
    id: Id,
    grant: Annotated[str | None, typer.Option(help="Only for this tenant or key: its grant is taken back.")] = None,
) -> None:
    """Let nobody run a document by its id any more: within a second, on every worker."""
    from auth.document_desk import find_one, grantee_of
    from auth.document_desk import retire as end
    from db.directory import Directory
    from web.cli.directory import with_directory
    from web.settings import Settings

    async def finish(directory: Directory, _: Settings) -> tuple[str, bool]:
        document = await find_one(directory, id)
        whose = None if grant is None else await grantee_of(directory, grant)
        return document["id"], await end(directory, document, whose)

    found, done = asyncio.run(with_directory(finish))
    whom = f" for {grant}" if grant else ""
    remark(f"{found[:12]} is retired{whom}." if done else f"Nothing changed: {found[:12]} was not registered{whom}.")


@app.command()
def check(
    schema: Annotated[Path, typer.Argument(help="The other schema, as SDL: a file, or - for standard input.")],
    as_json: AsJson = False,
) -> None:
    """Say which documents that are in force another schema breaks, and which use what it has deprecated."""
    from db.directory import Directory
    from schema.access import BadDocument, schema_of
    from schema.breaking import broken_by
    from web.cli.directory import with_directory
    from web.cli.document_facts import broken_facts, broken_lines, in_force
    from web.settings import Settings

    try:
        other = schema_of(text_of(schema))
    except BadDocument as error:
        raise Failure(str(error)) from None

    async def find(directory: Directory, _: Settings) -> "list[Row]":
        return await directory.documents.all()

    rows = {row["id"]: row for row in asyncio.run(with_directory(find)) if in_force(row)}
    found = broken_by(other, ((id, row["text"]) for id, row in rows.items()))
    if as_json:
        print_json([broken_facts(each, rows[each.id]) for each in found])
    elif found:
        print_table(("id", "operations", "owner", "for", "used", "what"), broken_lines(found, rows))
    broken = sum(bool(each.errors) for each in found)
    remark(f"{broken} of {len(rows)} documents break.")
    raise typer.Exit(1 if broken else 0)


def entries_in(path: Path) -> "list[Entry]":
    """The documents of a file, or of every text in a folder. Raises Failure."""
    from schema.manifests import BadManifest, entries_of

    files = [path]
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in TEXTS and each.is_file())
    try:
        found = [
            entry
            for file in files
            for entry in entries_of(str(file.relative_to(path) if file != path else file.name), file.read_bytes())
        ]
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror or error}.") from None
    except BadManifest as error:
        raise Failure(str(error)) from None
    if not found:
        raise Failure(f"{path} holds no document.")
    return found


def _examined(entries: "Sequence[Entry]", role: str | None, roles: Path | None, *, nulls: bool) -> "list[Draft]":
    """Raises Failure with all that is wrong with any."""
    from schema.publishing import Examiner
    from schema.root import schema

    permissions = None if role is None else role_named(roles_in(roles), role)
    core = schema()._schema  # Strawberry has no public name for the schema it builds
    examiner = Examiner(core, permissions=permissions, nulls=nulls)
    drafts, problems = examiner.examine(entries)
    if problems:
        lines = [f"  {each.where}: {each.message}" for each in problems[:MOST_TOLD]]
        more = [f"  … and {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []
        raise Failure("\n".join([f"Nothing was published. Problems: {len(problems)}.", *lines, *more]))
    return drafts
