"""Fixtures for verbs: an environment without settings, and a way to call them."""

import pytest

from tests.support.command_line import CommandLine
from tests.support.database import Dsns
from web.settings import Settings, env_name

SECRET = "s" * 40


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings of this machine."""
    for field in Settings.model_fields:
        monkeypatch.delenv(env_name(field), raising=False)
    return monkeypatch


@pytest.fixture
def tidegate(no_settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line, in an environment without settings."""
    return CommandLine(capsys)


@pytest.fixture
def with_database(no_settings: pytest.MonkeyPatch, dsns: Dsns) -> Dsns:
    """The environment names this worker's database and a secret."""
    name_database(no_settings, dsns)
    return dsns


def name_database(environment: pytest.MonkeyPatch, dsns: Dsns) -> None:
    """Let the environment name a database."""
    environment.setenv("DATABASE_OWNER_URL", dsns.owner)
    environment.setenv("DATABASE_URL", dsns.runtime)
    environment.setenv("TIDEGATE_SECRETS", SECRET)
