"""`tidegate documents`: from a front end's file to the registry."""

import asyncio
import json
import re
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from schema.documents import document_id
from tests.support.command_line import ROOT, CommandLine
from tests.support.database import Dsns


@pytest.fixture
def slug(tidegate: CommandLine, with_database: Dsns) -> str:
    slug = f"t-{uuid4().hex[:12]}"
    assert tidegate("tenant", "create", slug).code == 0
    return slug


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents of no other test."""
    for name in ("One", "Two"):
        (tmp_path / f"{name}.graphql").write_text(f"query {name}{uuid4().hex} {{ orders {{ nodes {{ id }} }} }}")
    return tmp_path


def id_in(folder: Path, name: str = "One") -> str:
    return document_id((folder / f"{name}.graphql").read_text())


def listed(tidegate: CommandLine) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in json.loads(tidegate("documents", "list", "--json").out)}


def test_a_folder_is_published_for_a_tenant_and_listed(tidegate: CommandLine, slug: str, folder: Path) -> None:
    told = tidegate("documents", "publish", str(folder), "--owner", "shop", "--grant", slug, "--role", "partner")
    assert (told.code, id_in(folder)[:12] in told.out) == (0, True)
    row = listed(tidegate)[id_in(folder)]
    assert (row["owner"], row["grants"], row["state"], row["uses"]) == ("shop", [slug], "active", 0)
    assert id_in(folder, "Two")[:12] in tidegate("documents", "list").out


def test_nothing_is_published_when_one_of_them_is_wrong(tidegate: CommandLine, slug: str, folder: Path) -> None:
    (folder / "Three.graphql").write_text("{ nothing }")
    told = tidegate("documents", "publish", str(folder), "--owner", "shop")
    assert (told.code, "Three.graphql" in told.err) == (1, True)
    assert id_in(folder) not in listed(tidegate)


def test_a_document_is_shown_by_the_beginning_of_its_id_and_retired(
    tidegate: CommandLine, slug: str, folder: Path
) -> None:
    tidegate("documents", "publish", str(folder), "--owner", "shop", "--sunset", "2099-12-31")
    shown = tidegate("documents", "show", f"sha256:{id_in(folder)}").out
    assert (folder / "One.graphql").read_text() in shown
    assert "until 2099-12-31" in shown
    assert tidegate("documents", "retire", id_in(folder)[:16]).code == 0
    assert listed(tidegate)[id_in(folder)]["state"] == "retired"
    assert json.loads(tidegate("documents", "show", id_in(folder), "--json").out)["state"] == "retired"


def test_a_grant_is_given_and_taken_back_on_record(
    tidegate: CommandLine, slug: str, folder: Path, with_database: Dsns
) -> None:
    tidegate("documents", "publish", str(folder / "One.graphql"), "--owner", "shop", "--grant", slug)
    assert "retired for" in tidegate("documents", "retire", id_in(folder), "--grant", slug).err
    assert "Nothing changed" in tidegate("documents", "retire", id_in(folder), "--grant", slug).err
    assert listed(tidegate)[id_in(folder)]["grants"] == []
    actions = asyncio.run(_actions(with_database, slug))
    assert actions == [("publishDocument", id_in(folder)), ("revokeDocument", id_in(folder))]


def test_a_dry_run_publishes_nothing(tidegate: CommandLine, slug: str, folder: Path) -> None:
    assert tidegate("documents", "publish", str(folder), "--owner", "shop", "--dry-run").code == 0
    assert id_in(folder) not in listed(tidegate)


@pytest.mark.parametrize(
    "arguments",
    [
        ("publish", "nowhere", "--owner", "shop"),
        ("publish", ".", "--owner", " "),
        ("publish", ".", "--owner", "shop", "--grant", "no-such-tenant"),
        ("publish", ".", "--owner", "shop", "--grant", "tgk_000000000000"),
        ("publish", ".", "--owner", "shop", "--role", "nobody"),
        ("show", "zz"),
        ("retire", "f" * 64),
    ],
)
def test_what_makes_no_sense_is_told_in_a_line(
    tidegate: CommandLine, slug: str, folder: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    told = tidegate("documents", *arguments)
    assert (told.code, "Traceback" in told.err, len(told.err.splitlines())) == (1, False, 1)
    assert id_in(folder) not in listed(tidegate)


def test_what_another_schema_breaks_is_told(tidegate: CommandLine, slug: str, folder: Path) -> None:
    tidegate("documents", "publish", str(folder), "--owner", "shop", "--grant", slug)
    printed = (ROOT / "schema" / "schema.graphql").read_text()
    other = folder / "other.sdl"
    other.write_text(printed)
    found = json.loads(tidegate("documents", "check", str(other), "--json").out)
    assert id_in(folder) not in {each["id"] for each in found}
    other.write_text(re.sub(r"(?m)^  orders\(", "  commandes(", printed))
    told = tidegate("documents", "check", str(other), "--json")
    found = {each["id"]: each for each in json.loads(told.out)}
    assert told.code == 1
    assert (found[id_in(folder)]["owner"], found[id_in(folder)]["grants"]) == ("shop", [slug])
    assert "orders" in found[id_in(folder)]["errors"][0]
    tidegate("documents", "retire", id_in(folder))
    assert id_in(folder)[:12] not in tidegate("documents", "check", str(other)).out
    assert tidegate("documents", "check", str(folder / "One.graphql")).code == 1


async def _actions(dsns: Dsns, slug: str) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(dsns.superuser)
    try:
        sql = "SELECT a.* FROM audit_log a JOIN tenants t ON t.id = a.tenant_id WHERE t.slug = $1"
        found = await connection.fetch(f"{sql} AND a.entity = 'document' ORDER BY a.created_at", slug)
        return [(row["action"], row["entity_id"]) for row in found]
    finally:
        await connection.close()
