"""`tidegate doctor` tells what it found and ends with the right code."""

import json

import pytest

from tests.support.command_line import CommandLine
from tests.support.database import Dsns
from web.cli import doctor
from web.cli.canary import CHECK, examine_canary


def test_all_well_is_exit_code_zero(tidegate: CommandLine, with_database: Dsns) -> None:
    outcome = tidegate("doctor")
    assert outcome.code == 0, outcome.out
    assert outcome.out.rstrip().endswith("All is well.")
    assert "✗" not in outcome.out


def test_what_is_wrong_is_marked_and_mended_and_exit_code_one(
    tidegate: CommandLine, with_database: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", with_database.owner)
    outcome = tidegate("doctor")
    assert outcome.code == 1
    assert "✗" in outcome.out
    assert "→" in outcome.out


def test_findings_can_be_read_by_a_program(tidegate: CommandLine, with_database: Dsns) -> None:
    findings = json.loads(tidegate("doctor", "--json").out)
    assert {finding["ok"] for finding in findings} == {True}
    assert "The five packages are ours" in {finding["check"] for finding in findings}


def test_redis_is_examined_when_it_is_set(
    tidegate: CommandLine, with_database: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    outcome = tidegate("doctor", "--json")
    assert outcome.code == 1
    assert [finding["check"] for finding in json.loads(outcome.out) if not finding["ok"]] == ["Redis answers"]


def test_a_package_from_elsewhere_is_an_illness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.rooms.stray_rooms", lambda: {"schema": "/elsewhere"})
    finding = doctor.examine_rooms()
    assert not finding.ok
    assert finding.detail == "schema from /elsewhere"


def test_two_tenants_are_asked_for_each_other_and_each_run_uses_the_same_two(
    tidegate: CommandLine, with_database: Dsns
) -> None:
    for _ in range(2):
        found = {finding["check"]: finding for finding in json.loads(tidegate("doctor", "--json").out)}
        assert found[CHECK]["ok"]
        assert "questions" in found[CHECK]["detail"]


def test_who_may_not_write_leaves_the_canary_out(tidegate: CommandLine, with_database: Dsns) -> None:
    found = json.loads(tidegate("doctor", "--json", "--read-only").out)
    assert CHECK not in {finding["check"] for finding in found}


async def test_a_database_that_is_not_there_is_a_finding() -> None:
    finding = await examine_canary("postgresql://app@127.0.0.1:1/none")
    assert (finding.ok, finding.check) == (False, CHECK)
    assert finding.mend
