"""`tidegate token` prints a token that authenticates."""

import json
from uuid import uuid4

import pytest

from auth.authenticate import Authenticator, Credentials
from auth.keyring import Keyring
from auth.principal import Principal
from db.directory import Directory
from tests.support.command_line import CommandLine
from tests.support.database import Dsns, run_apart
from tests.web.cli.conftest import SECRET


@pytest.fixture
def email(tidegate: CommandLine, with_database: Dsns) -> str:
    slug = f"t-{uuid4().hex[:12]}"
    email = f"ann@{slug}.example"
    assert tidegate("tenant", "create", slug).code == 0
    assert tidegate("user", "create", "--email", email, "--name", "Ann", "--tenant", slug, "--role", "admin").code == 0
    return email


async def whose(dsn: str, token: str) -> Principal | None:
    directory = await Directory.open(dsn, size=1)
    try:
        authenticator = Authenticator(directory, Keyring([SECRET]))
        return await authenticator.authenticate(Credentials(bearer=token, session=None, tenant_slug=None))
    finally:
        await directory.close()


def test_the_token_is_its_users(tidegate: CommandLine, with_database: Dsns, email: str) -> None:
    token = tidegate("token", "--email", email).out.strip()
    caller = run_apart(whose(with_database.runtime, token))
    assert caller is not None
    assert (caller.email, caller.roles) == (email, ("admin",))


def test_standard_output_holds_the_token_alone(tidegate: CommandLine, email: str) -> None:
    outcome = tidegate("token", "--email", email)
    assert len(outcome.out.split()) == 1
    assert outcome.err == ""


def test_as_json_it_tells_how_long_it_lives(tidegate: CommandLine, email: str) -> None:
    said = json.loads(tidegate("token", "--email", email, "--minutes", "5", "--json").out)
    assert said["minutes"] == 5


@pytest.mark.parametrize(("extra", "code"), [(["--tenant", "nowhere"], 1), (["--minutes", "43201"], 2)])
def test_what_cannot_be_issued_is_said(tidegate: CommandLine, email: str, extra: list[str], code: int) -> None:
    outcome = tidegate("token", "--email", email, *extra)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err


def test_without_the_servers_secret_there_is_no_token(
    tidegate: CommandLine, email: str, no_settings: pytest.MonkeyPatch
) -> None:
    no_settings.delenv("TIDEGATE_SECRETS")
    outcome = tidegate("token", "--email", email)
    assert outcome.code == 1
    assert outcome.err.startswith("TIDEGATE_SECRETS is missing")
