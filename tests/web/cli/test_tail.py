"""``tidegate tail``: a tenant's log, in the terminal or as JSON."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from auth.keyring import Keyring
from db.audit_records import Actor
from db.engine import Database
from db.event_cursors import EventCursorCodec
from db.events import Event, EventDraft, Position
from db.tenancy import TenantId
from schema.root import NODES
from tests.support.command_line import clean_environment, running
from tests.support.database import Dsns
from tests.support.logs import logged
from web.cli.failures import Failure
from web.cli.tail import PREFIXES, json_of, line_of
from web.cli.verbs import app

SECRET = "a secret for tests that is long enough"
NOON = datetime(2026, 11, 21, 12, 0, 0, 7_000, tzinfo=UTC)
ID = "0" * 31 + "1"


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """The verb sends all logs to where a terminal would show them; the test run gets them back."""
    with logged():
        yield


@pytest.fixture
async def database(seeded_dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A seeded database that the environment names."""
    monkeypatch.setenv("DATABASE_URL", seeded_dsns.runtime)
    monkeypatch.setenv("TIDEGATE_SECRETS", SECRET)
    database = await Database.open(seeded_dsns.runtime, size=2, directory_size=1)
    yield database
    await database.close()


async def write(database: Database, slug: str, *types: str) -> None:
    """One event of each type, one after the other."""
    row = await database.directory.tenant_by_slug(slug)
    assert row is not None
    for type_ in types:
        async with database.writer(TenantId(row["id"]), Actor(None, None)) as writer:
            images = {"number": "7", "status": "PENDING"}, {"number": "7", "status": "SHIPPED"}
            writer.record(EventDraft(type_, "order", ID, 2, *images))


async def cursor_of(database: Database, slug: str, seq: int) -> str:
    row = await database.directory.tenant_by_slug(slug)
    assert row is not None
    codec = EventCursorCodec(Keyring([SECRET]).keys("event cursor"), await database.directory.epoch())
    return codec.encode(TenantId(row["id"]), Position(seq, datetime(1970, 1, 1, tzinfo=UTC)))


async def tail(*arguments: str) -> Result:
    """The verb in a thread of its own: it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["tail", *arguments])


async def test_the_events_after_a_cursor_come_in_order(database: Database) -> None:
    await write(database, "acme", "order.created", "order.updated", "order.status_changed")
    await write(database, "globex", "order.created")
    told = await tail("--tenant", "acme", "--after", await cursor_of(database, "acme", 1), "--count", "2", "--json")
    assert told.exit_code == 0, told.output
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(line["seq"], line["type"]) for line in lines] == [(2, "order.updated"), (3, "order.status_changed")]
    assert lines[0]["changes"] == {"status": ["PENDING", "SHIPPED"]}
    again = await tail("--tenant", "acme", "--after", lines[0]["cursor"], "--count", "1", "--json")
    assert json.loads(again.stdout)["seq"] == 3


async def test_types_that_were_not_asked_for_are_passed_over(database: Database) -> None:
    await write(database, "acme", "order.created", "order.updated", "order.created")
    begin = await cursor_of(database, "acme", 0)
    told = await tail("--tenant", "acme", "--types", "order.updated, x", "--after", begin, "--count", "1")
    assert told.exit_code == 0
    (line,) = told.stdout.splitlines()
    assert f"order.updated          ord_{ID}  v2" in line
    assert line.endswith("status PENDING → SHIPPED  #2")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--tenant", "nowhere"), 1, "There is no tenant 'nowhere'."),
        (("--tenant", "acme", "--after", "x"), 2, "cursor"),
        ((), 2, "Missing option '--tenant'"),
    ],
)
async def test_what_cannot_be_followed_is_refused(
    database: Database, arguments: tuple[str, ...], code: int, words: str
) -> None:
    refused = await tail(*arguments)
    told = str(refused.exception) if isinstance(refused.exception, Failure) else refused.output
    assert (refused.exit_code, words in told) == (code, True), told


async def test_another_tenants_cursor_is_refused(database: Database) -> None:
    foreign = await cursor_of(database, "globex", 0)
    assert (await tail("--tenant", "acme", "--after", foreign)).exit_code == 2


async def test_ctrl_c_ends_it_without_a_word(database: Database, seeded_dsns: Dsns, tmp_path: Path) -> None:
    environment = clean_environment(DATABASE_URL=seeded_dsns.runtime, TIDEGATE_SECRETS=SECRET)
    arguments = ["tail", "--tenant", "acme", "--json"]
    with running(arguments, environment, tmp_path) as process:
        assert process.stderr is not None
        begun = await asyncio.to_thread(process.stderr.readline)
        assert "Following the log" in begun
        await write(database, "acme", "order.created")
        assert process.stdout is not None
        assert json.loads(await asyncio.to_thread(process.stdout.readline))["type"] == "order.created"
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.to_thread(process.communicate, timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def event(**changes: object) -> Event:
    images = {"before": {"notes": "a"}, "after": {"notes": "b"}, **changes}
    return Event(1, NOON, "order.updated", "order", ID, 2, images["before"], images["after"])  # type: ignore[arg-type]


def test_what_a_row_holds_reaches_no_terminal_as_a_command() -> None:
    nasty = "\x1b]0;owned\x07\x9b31m\n[red]x[/red]"
    line = line_of(event(after={"notes": nasty})).plain
    assert "[red]x[/red]" in line
    assert all(letter.isprintable() for letter in line)
    assert json_of(event(after={"notes": nasty}), None).isascii()


def test_every_noun_has_its_prefix() -> None:
    assert {PREFIXES[kind.type_name.lower()]: kind for kind in NODES._kinds.values()} == dict(NODES._kinds)


def test_a_new_row_is_told_by_its_name_and_long_values_are_cut() -> None:
    assert "  260314-0000001  #1" in line_of(event(before=None, after={"number": "260314-0000001"})).plain
    assert len(line_of(event(after={"notes": "x" * 9_000})).plain) < 200
