"""`tidegate key`: partners' keys from the command line."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from tests.support.command_line import CommandLine
from tests.support.database import Dsns


@pytest.fixture
def slug(tidegate: CommandLine, with_database: Dsns) -> str:
    slug = f"t-{uuid4().hex[:12]}"
    assert tidegate("tenant", "create", slug).code == 0
    made = ("user", "create", "--email", f"ann@{slug}.example", "--name", "Ann", "--tenant", slug, "--role", "admin")
    assert tidegate(*made).code == 0
    return slug


def _create(tidegate: CommandLine, slug: str, *extra: str, permission: str = "orders:read") -> tuple[int, str, str]:
    outcome = tidegate(
        "key",
        "create",
        "--tenant",
        slug,
        "--email",
        f"ann@{slug}.example",
        "--label",
        "Depot",
        "--permission",
        permission,
        *extra,
    )
    return outcome.code, outcome.out.strip(), outcome.err


def test_a_key_is_shown_once_and_listed_without_its_secret(tidegate: CommandLine, slug: str) -> None:
    code, key, _ = _create(tidegate, slug)
    assert (code, key[:4]) == (0, "tgk_")
    listed = tidegate("key", "list", "--tenant", slug).out
    assert key[:16] in listed
    assert key[16:] not in listed
    (row,) = json.loads(tidegate("key", "list", "--tenant", slug, "--json").out)
    assert (row["name"], row["permissions"], row["revoked_at"]) == (key[:16], ["orders:read"], None)


def test_a_key_is_bound_to_documents_and_its_successor_too(tidegate: CommandLine, slug: str) -> None:
    _, key, _ = _create(tidegate, slug, "--documents", "trusted")
    tidegate("key", "rotate", key[:16], "--tenant", slug)
    rows = json.loads(tidegate("key", "list", "--tenant", slug, "--json").out)
    assert [row["documents"] for row in rows] == ["TRUSTED", "TRUSTED"]
    assert "trusted documents alone" in tidegate("key", "list", "--tenant", slug).out
    assert _create(tidegate, slug, "--documents", "all")[0] == 1


def test_a_key_that_is_in_use_is_bound_to_other_documents(tidegate: CommandLine, slug: str) -> None:
    _, key, _ = _create(tidegate, slug)
    assert tidegate("key", "bind", key, "--tenant", slug, "--documents", "registered").code == 0
    (row,) = json.loads(tidegate("key", "list", "--tenant", slug, "--json").out)
    assert row["documents"] == "REGISTERED"
    assert tidegate("key", "bind", key, "--tenant", slug, "--documents", "all").code == 1
    tidegate("key", "revoke", key, "--tenant", slug)
    assert tidegate("key", "bind", key, "--tenant", slug, "--documents", "ad-hoc").code == 1


def test_a_rotated_and_a_revoked_key_are_told(tidegate: CommandLine, slug: str) -> None:
    _, key, _ = _create(tidegate, slug)
    fresh = json.loads(tidegate("key", "rotate", key[:16], "--tenant", slug, "--json").out)
    assert fresh["key"].startswith(fresh["name"])
    assert tidegate("key", "revoke", key[:16], "--tenant", slug).code == 0
    rows = {row["name"]: row for row in json.loads(tidegate("key", "list", "--tenant", slug, "--json").out)}
    assert rows[key[:16]]["revoked_at"] is not None
    assert rows[fresh["name"]]["revoked_at"] is None


def test_all_of_it_is_on_record_without_a_secret(tidegate: CommandLine, slug: str, with_database: Dsns) -> None:
    _, key, _ = _create(tidegate, slug)
    fresh = json.loads(tidegate("key", "rotate", key[:16], "--tenant", slug, "--json").out)
    told = tidegate("key", "revoke", key, "--tenant", slug)  # a whole key is known by its name too
    assert (told.code, key[16:] in told.err) == (0, False)
    record = asyncio.run(_record(with_database, slug))
    assert [(row["kind"], row["action"], row["entity_id"]) for row in record if row["entity"] == "key"] == [
        ("COMMAND", verb, key[:16]) for verb in ("createApiKey", "rotateApiKey", "revokeApiKey")
    ]
    assert fresh["name"] in str(record)
    assert not any(text[16:] in str(record) for text in (key, fresh["key"]))


async def _record(dsns: Dsns, slug: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsns.superuser)
    try:
        sql = "SELECT a.* FROM audit_log a JOIN tenants t ON t.id = a.tenant_id WHERE t.slug = $1 ORDER BY a.created_at"
        return await connection.fetch(sql, slug)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("permission", "extra"),
    [("orders:fly", ()), ("*", ()), ("orders:read", ("--network", "everywhere"))],
)
def test_what_cannot_be_made_is_said_and_leaves_nothing(
    tidegate: CommandLine, slug: str, permission: str, extra: tuple[str, ...]
) -> None:
    code, out, err = _create(tidegate, slug, *extra, permission=permission)
    assert (code, out) == (1, "")
    assert err
    assert json.loads(tidegate("key", "list", "--tenant", slug, "--json").out) == []


def test_a_key_that_there_is_not_cannot_be_revoked(tidegate: CommandLine, slug: str) -> None:
    outcome = tidegate("key", "revoke", "tgk_000000000000", "--tenant", slug)
    assert (outcome.code, outcome.out) == (1, "")
