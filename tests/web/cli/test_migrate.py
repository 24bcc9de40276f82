"""`tidegate migrate` brings a database to head, once, and can only look."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.migrations.run import is_current
from tests.support.command_line import CommandLine
from tests.support.database import Dsns, run_apart
from tests.web.cli.conftest import name_database


def test_an_empty_database_is_migrated(
    tidegate: CommandLine, empty_dsns: Dsns, no_settings: pytest.MonkeyPatch
) -> None:
    name_database(no_settings, empty_dsns)
    outcome = tidegate("migrate")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.startswith("Migrated to ")
    assert run_apart(is_current(empty_dsns.owner))


def test_a_second_time_changes_nothing(tidegate: CommandLine, with_database: Dsns) -> None:
    assert tidegate("migrate").err == "The schema was up to date.\n"


def test_checking_an_empty_database_fails_and_changes_nothing(
    tidegate: CommandLine, empty_dsns: Dsns, no_settings: pytest.MonkeyPatch
) -> None:
    name_database(no_settings, empty_dsns)
    outcome = tidegate("migrate", "--check")
    assert outcome.code == 1
    assert "run `tidegate migrate`" in outcome.err
    assert not run_apart(is_current(empty_dsns.owner))


def test_checking_a_migrated_database_is_silent(tidegate: CommandLine, with_database: Dsns) -> None:
    outcome = tidegate("migrate", "--check")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_the_outcome_can_be_read_by_a_program(tidegate: CommandLine, with_database: Dsns) -> None:
    said = json.loads(tidegate("migrate", "--json").out)
    assert (said["current"], said["migrated"]) == (True, False)
    assert said["pruned"].keys() >= {"invitations", "sessions", "password_resets", "peer_nonces"}
    assert json.loads(tidegate("migrate", "--check", "--json").out)["pruned"] == {}


def test_without_the_owners_login_it_says_so(
    tidegate: CommandLine, with_database: Dsns, no_settings: pytest.MonkeyPatch
) -> None:
    no_settings.delenv("DATABASE_OWNER_URL")
    outcome = tidegate("migrate")
    assert outcome.code == 1
    assert outcome.err.startswith("DATABASE_OWNER_URL is missing")


def test_what_the_log_keeps_no_longer_is_dropped(
    tidegate: CommandLine, fresh_dsns: Dsns, no_settings: pytest.MonkeyPatch
) -> None:
    name_database(no_settings, fresh_dsns)
    no_settings.setenv("TIDEGATE_LOG_DAYS", "30")
    young = f"event_log_{datetime.now(UTC) - timedelta(days=20):%Y%m%d}"
    run_apart(partitions(fresh_dsns, make=["event_log_20240229", young]))
    assert tidegate("migrate").code == 0
    left = run_apart(partitions(fresh_dsns))
    assert young in left
    assert "event_log_20240229" not in left
    assert "event_log_default" in left


async def partitions(dsns: Dsns, make: Sequence[str] = ()) -> set[str]:
    """The names of the event log's partitions, after making some."""
    connection = await asyncpg.connect(dsns.owner)
    try:
        for name in make:
            day = datetime.strptime(f"{name[-8:]}+0000", "%Y%m%d%z")
            bounds = f"FROM ('{day:%F}Z') TO ('{day + timedelta(days=1):%F}Z')"
            await connection.execute(f"CREATE TABLE {name} PARTITION OF event_log FOR VALUES {bounds}")
        found = await connection.fetch(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
        )
        return {row[0] for row in found}
    finally:
        await connection.close()
