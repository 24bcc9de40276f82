"""`tidegate user create` and `reset`: passwords that work, never in an argument."""

import io
import json
from uuid import uuid4

import pytest

from auth.passwords import Passwords
from db.directory import Directory
from tests.support.command_line import CommandLine
from tests.support.database import Dsns, run_apart


@pytest.fixture
def tenant(tidegate: CommandLine, with_database: Dsns) -> str:
    slug = f"t-{uuid4().hex[:12]}"
    assert tidegate("tenant", "create", slug).code == 0
    return slug


@pytest.fixture
def email(tenant: str) -> str:
    return f"ann@{tenant}.example"


def create(tidegate: CommandLine, email: str, tenant: str, *more: str) -> dict[str, str]:
    outcome = tidegate("user", "create", "--email", email, "--name", "Ann Ó", "--tenant", tenant, "--json", *more)
    assert outcome.code == 0, outcome.err
    made: dict[str, str] = json.loads(outcome.out)
    return made


async def opens(dsn: str, email: str, password: str) -> bool:
    directory = await Directory.open(dsn, size=1)
    try:
        user = await directory.user_by_email(email)
        assert user is not None
        right, _ = await Passwords().check(password, user["password_hash"])
        return right
    finally:
        await directory.close()


def test_the_printed_password_opens_the_door(
    tidegate: CommandLine, with_database: Dsns, tenant: str, email: str
) -> None:
    made = create(tidegate, email, tenant, "--role", "manager")
    assert made["id"].startswith("usr_")
    assert run_apart(opens(with_database.runtime, email, made["password"]))


def test_a_password_can_be_read_from_standard_input_and_is_then_not_printed(
    tidegate: CommandLine, with_database: Dsns, tenant: str, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    made = create(tidegate, email, tenant, "--password-stdin")
    assert "password" not in made
    assert run_apart(opens(with_database.runtime, email, "correct horse battery"))


def test_a_reset_password_replaces_the_old_one(
    tidegate: CommandLine, with_database: Dsns, tenant: str, email: str
) -> None:
    old = create(tidegate, email, tenant)["password"]
    new = json.loads(tidegate("user", "reset", "--email", email, "--json").out)["password"]
    assert run_apart(opens(with_database.runtime, email, new))
    assert not run_apart(opens(with_database.runtime, email, old))


def test_an_unknown_tenant_leaves_no_user_behind(tidegate: CommandLine, with_database: Dsns, email: str) -> None:
    outcome = tidegate("user", "create", "--email", email, "--name", "Ann", "--tenant", "nowhere")
    assert outcome.code == 1
    assert "`tidegate tenant create nowhere` makes it" in outcome.err
    assert tidegate("user", "reset", "--email", email).code == 1, "there is no such user"


def test_an_unknown_user_cannot_be_reset(tidegate: CommandLine, with_database: Dsns) -> None:
    outcome = tidegate("user", "reset", "--email", "nobody@nowhere.example")
    assert (outcome.code, outcome.out) == (1, "")
