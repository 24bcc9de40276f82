"""`tidegate config` shows settings and hides secrets."""

import json

import pytest

from tests.support.command_line import CommandLine
from web.settings import example


def test_it_prints_each_setting_with_secrets_masked(tidegate: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:hunter2@db/tidegate")
    monkeypatch.setenv("TIDEGATE_PORT", "9000")
    outcome = tidegate("config")
    assert "TIDEGATE_PORT=9000" in outcome.out.splitlines()
    assert "DATABASE_URL=postgresql://app:***@db/tidegate" in outcome.out.splitlines()


def test_as_json_it_is_one_object(tidegate: CommandLine) -> None:
    assert json.loads(tidegate("config", "--json").out)["TIDEGATE_PORT"] == "8000"


def test_the_example_goes_to_standard_output_as_it_is(tidegate: CommandLine) -> None:
    assert tidegate("config", "--example").out == example()
