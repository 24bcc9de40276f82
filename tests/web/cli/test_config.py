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


def test_a_list_is_printed_as_it_is_written_its_secrets_masked(
    tidegate: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = '[{"permission":"admin:*","networks":["203.0.113.0/24"]}]'
    provider = {"name": "tide", "label": "Tide ID", "issuer": "https://id.example", "client_id": "tidegate"}
    rule = {"domain": "northwind.example", "tenant": "northwind", "role": "viewer"}
    monkeypatch.setenv("TIDEGATE_ADDRESS_LISTS", lists)
    monkeypatch.setenv("TIDEGATE_OIDC", json.dumps([{**provider, "client_secret": "hunter2", "join": [rule]}]))
    said = json.loads(tidegate("config", "--json").out)
    assert said["TIDEGATE_ADDRESS_LISTS"] == lists
    assert f"TIDEGATE_ADDRESS_LISTS={lists}" in tidegate("config").out.splitlines()
    (told,) = json.loads(said["TIDEGATE_OIDC"])
    assert told.items() >= {**provider, "client_secret": "***", "join": [rule]}.items()
    assert "hunter2" not in tidegate("config").out
