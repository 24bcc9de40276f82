"""``tidegate seed``."""

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from auth.permissions import ELEVATABLE, SYSTEM_ROLES
from tests.support.database import Dsns
from tests.support.seeding import reading
from web.cli.failures import Failure
from web.cli.verbs import app


async def run(*arguments: str) -> Result:
    """The verb in a thread of its own: it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def test_it_makes_what_it_reports_and_keeps_it_the_second_time(
    fresh_dsns: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", fresh_dsns.owner)
    first = await run("seed", "--orders", "60", "--tenants", "2", "--json")
    assert first.exit_code == 0
    report = json.loads(first.stdout)
    assert [made["slug"] for made in report["made"]] == ["acme", "globex"]
    async with reading(fresh_dsns.owner, "globex") as connection:
        assert await connection.fetchval("SELECT count(*) FROM orders") == report["made"][1]["orders"]
        granted = await connection.fetch("SELECT DISTINCT name, permissions, elevatable FROM roles")
        assert {row["name"]: tuple(row["permissions"]) for row in granted} == dict(SYSTEM_ROLES)
        raised = {row["name"]: tuple(row["elevatable"]) for row in granted if row["elevatable"]}
        assert raised == dict(ELEVATABLE)
    second = await run("seed", "--orders", "60", "--tenants", "2")
    assert "Kept as they were: acme, globex." in second.stdout


async def test_the_table_sums_up_the_tenants(fresh_dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", fresh_dsns.owner)
    shown = await run("seed", "--orders", "60", "--tenants", "2")
    assert "acme" in shown.stdout
    assert "2 tenants" in shown.stdout
    assert "60 of 60 orders" in shown.stderr


async def test_fewer_orders_than_tenants_are_a_wrong_call(dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", dsns.owner)
    assert (await run("seed", "--orders", "2", "--tenants", "3")).exit_code == 2


async def test_a_database_that_is_not_migrated_is_named(empty_dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", empty_dsns.owner)
    failed = await run("seed", "--orders", "10", "--tenants", "1")
    assert isinstance(failed.exception, Failure)
    assert "tidegate migrate" in str(failed.exception)


async def test_the_runtime_login_alone_cannot_seed(dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL", dsns.runtime)
    failed = await run("seed", "--orders", "10", "--tenants", "1")
    assert isinstance(failed.exception, Failure)
    assert "DATABASE_OWNER_URL" in str(failed.exception)
