"""`tidegate key`: partners' keys from the command line."""

import json
from uuid import uuid4

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


def test_a_rotated_and_a_revoked_key_are_told(tidegate: CommandLine, slug: str) -> None:
    _, key, _ = _create(tidegate, slug)
    fresh = json.loads(tidegate("key", "rotate", key[:16], "--tenant", slug, "--json").out)
    assert fresh["key"].startswith(fresh["name"])
    assert tidegate("key", "revoke", key[:16], "--tenant", slug).code == 0
    rows = {row["name"]: row for row in json.loads(tidegate("key", "list", "--tenant", slug, "--json").out)}
    assert rows[key[:16]]["revoked_at"] is not None
    assert rows[fresh["name"]]["revoked_at"] is None


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
