"""`tidegate tenant`: create, and addresses."""

import json
from uuid import uuid4

import pytest

from tests.support.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("with_database")


@pytest.fixture
def slug() -> str:
    return f"t-{uuid4().hex[:12]}"


def test_a_tenant_is_made_and_told(tidegate: CommandLine, slug: str) -> None:
    made = json.loads(tidegate("tenant", "create", slug, "--name", "Ünique Ltd", "--json").out)
    assert made["slug"] == slug
    assert made["name"] == "Ünique Ltd"
    assert made["id"].startswith("ten_")


def test_a_taken_slug_is_refused(tidegate: CommandLine, slug: str) -> None:
    tidegate("tenant", "create", slug)
    outcome = tidegate("tenant", "create", slug)
    assert (outcome.code, outcome.out) == (1, "")
    assert slug in outcome.err


def test_what_is_no_slug_is_refused(tidegate: CommandLine) -> None:
    assert tidegate("tenant", "create", "No Slug").code == 1


def test_a_database_that_does_not_answer_is_one_line(tidegate: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:hunter2@127.0.0.1:1/none")
    outcome = tidegate("tenant", "create", "x")
    assert outcome.code == 1
    assert "ConnectionRefusedError" in outcome.err
    assert "hunter2" not in outcome.err


def test_a_tenant_is_bound_to_networks_and_set_free(tidegate: CommandLine, slug: str) -> None:
    tidegate("tenant", "create", slug)
    bind = ("tenant", "addresses", slug, "--json")
    assert json.loads(tidegate(*bind).out) == {}
    office = json.loads(tidegate(*bind, "--network", "203.0.113.0/24", "--network", "2001:db8::/32").out)
    assert office == {"*": ["203.0.113.0/24", "2001:db8::/32"]}
    both = json.loads(tidegate(*bind, "--permission", "admin:*", "--network", "10.0.0.0/8").out)
    assert both == {**office, "admin:*": ["10.0.0.0/8"]}
    assert "admin:*  10.0.0.0/8" in tidegate("tenant", "addresses", slug).out
    assert json.loads(tidegate(*bind, "--anywhere").out) == {"admin:*": ["10.0.0.0/8"]}


@pytest.mark.parametrize(
    "wrong", [("--network", "everywhere"), ("--permission", "orders:fly", "--network", "10.0.0.0/8")]
)
def test_what_binds_nothing_is_said_and_changes_nothing(
    tidegate: CommandLine, slug: str, wrong: tuple[str, ...]
) -> None:
    tidegate("tenant", "create", slug)
    outcome = tidegate("tenant", "addresses", slug, *wrong)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err
    assert json.loads(tidegate("tenant", "addresses", slug, "--json").out) == {}
    both = ("--anywhere", "--network", "10.0.0.0/8")
    assert tidegate("tenant", "addresses", slug, *both).code == 2
