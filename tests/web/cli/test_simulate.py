"""``tidegate simulate``: live traffic through the resolvers."""

import asyncio
import io
import json
from collections import Counter

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from resolvers.orders import TRANSITIONS
from tests.support.database import Dsns
from tests.support.seeding import make_small_seed, reading
from web.cli.failures import Failure
from web.cli.simulate import line_of, run_traffic
from web.cli.verbs import app


@pytest.fixture
async def busy_dsns(fresh_dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> Dsns:
    """A seeded database that the environment names."""
    await make_small_seed(fresh_dsns)
    monkeypatch.setenv("DATABASE_OWNER_URL", fresh_dsns.owner)
    monkeypatch.setenv("DATABASE_URL", fresh_dsns.runtime)
    return fresh_dsns


async def simulate(*arguments: str) -> Result:
    """The verb in a thread of its own: it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["simulate", *arguments])


async def test_every_change_it_counts_is_in_the_log_and_its_orders_are_sound(busy_dsns: Dsns) -> None:
    done = await simulate("--rate", "200", "--seconds", "1.5", "--json", "--tenant", "globex")
    assert done.exit_code == 0
    counts = json.loads(done.stdout)
    async with reading(busy_dsns.owner, "globex") as connection:
        types = await connection.fetch("SELECT type, count(*) AS n FROM event_log GROUP BY type")
        logged = {row["type"]: row["n"] for row in types}
        head = await connection.fetchval("SELECT seq FROM event_heads")
        unsound = await connection.fetchval(
            "SELECT count(*) FROM orders o WHERE total <> (SELECT sum(total) FROM order_items WHERE order_id = o.id)"
        )
        moves = await connection.fetch(
            "SELECT before->>'status' AS a, after->>'status' AS b FROM event_log WHERE type = 'order.status_changed'"
        )
        author = await connection.fetchval("SELECT DISTINCT email FROM event_log JOIN users ON users.id = actor_id")
    assert counts["created"] > 0
    assert counts["moved"] > 0
    # The last change may be cut off between its commit and its count.
    assert 0 <= logged["order.created"] - counts["created"] <= 5
    assert head == sum(logged.values())
    assert unsound == 0
    assert all(move["b"] in TRANSITIONS[move["a"]] for move in moves)
    assert author == "manager@globex.example"


async def test_other_tenants_are_left_alone(busy_dsns: Dsns) -> None:
    await simulate("--rate", "50", "--seconds", "0.5", "--tenant", "globex")
    async with reading(busy_dsns.owner, "acme") as connection:
        assert await connection.fetchval("SELECT seq FROM event_heads") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tenant", "nowhere"), "manager@nowhere.example"),
        (("--tenant", "nowhere", "--email", "manager@acme.example"), "does not belong"),
        (("--email", "viewer@acme.example"), "may not write"),
    ],
)
async def test_whoever_cannot_work_there_is_named(busy_dsns: Dsns, arguments: tuple[str, ...], words: str) -> None:
    failed = await simulate("--seconds", "1", *arguments)
    assert isinstance(failed.exception, Failure)
    assert words in str(failed.exception)


def test_a_line_before_any_change_is_whole() -> None:
    assert line_of(Counter(), "acme", 0.0) == "acme: 0 changes in 0 s (0.0/s)"


class Slow:
    """Traffic that counts and does nothing."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._fails_after = fails_after

    async def act(self) -> None:
        self.counts["moved"] += 1
        if self.counts["moved"] == self._fails_after:
            raise ConnectionError("gone")


async def test_the_rate_is_kept_on_average() -> None:
    traffic = Slow()
    await run_traffic(traffic, 400, 1.0, Console(file=io.StringIO()), "acme")
    assert 200 < traffic.counts["moved"] < 700


async def test_a_failure_ends_the_traffic_and_is_told() -> None:
    with pytest.raises(ConnectionError):
        await run_traffic(Slow(fails_after=3), 400, None, Console(file=io.StringIO()), "acme")


async def test_a_terminal_sees_how_to_stop() -> None:
    written = io.StringIO()
    await run_traffic(Slow(), 100, 0.4, Console(file=written, force_terminal=True, width=100), "acme")
    assert "Ctrl-C stops" in written.getvalue()
