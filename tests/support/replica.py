"""A server whose queries read at a real standby, and callers who ask it."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from db.replica import Replica
from db.scopes import EVERY_ROW
from db.statements import Statement
from tests.support.members import Person, person
from tests.support.server import Front, open_front, serving, settings_for
from tests.support.standby import Pair, streaming
from tests.support.waiting import until

PAGE = "{ orders(first: 20) { nodes { id customer { id } } } }"
NOTES = "query($id: ID!) { order(id: $id) { notes } }"
WRITE = """mutation($id: ID!, $notes: String) {
    updateOrder(input: {id: $id, notes: $notes}) { order { notes } userErrors { message } }
}"""
WHERE = Statement("SELECT pg_is_in_recovery()", (), {})
LONG = 30.0
"""A bound on the lag that no test outlives."""


@dataclass(frozen=True, slots=True)
class Site:
    """A server whose queries read at the pair's standby."""

    front: Front
    pair: Pair

    @property
    def replica(self) -> Replica:
        replica = self.front.database.replica
        assert replica is not None
        return replica

    async def somebody(self) -> "Caller":
        """Whom no other test knows."""
        who = await person(self.front)
        return Caller(self, who, await who.bearer())

    @asynccontextmanager
    async def reading(self, **expected: int) -> AsyncIterator[None]:
        """So many statements of queries are answered at each server meanwhile."""
        before = Counter(self.replica.reads)
        yield
        assert self.replica.reads - before == Counter(expected)

    async def ready(self) -> tuple[int, str, bool]:
        answer = await self.front.client.get("/health/ready")
        return answer.status_code, answer.json()["status"], answer.json()["checks"]["replica"]


@dataclass(frozen=True, slots=True)
class Caller:
    site: Site
    who: Person
    headers: dict[str, str]

    @property
    def order(self) -> str:
        return f"ord_{self.who.order}"

    async def ask(self, document: str, more: dict[str, str] | None = None, **variables: object) -> Any:  # Any: JSON
        headers = {**self.headers, **(more or {})}
        answer = await self.site.front.post(document, {"id": self.order, **variables}, headers)
        assert "errors" not in answer.json(), answer.text
        return answer.json()

    async def notes(self, more: dict[str, str] | None = None) -> str | None:
        notes: str | None = (await self.ask(NOTES, more))["data"]["order"]["notes"]
        return notes

    async def write(self, notes: str) -> str:
        """The position that the answer tells."""
        answer = await self.site.front.post(WRITE, {"id": self.order, "notes": notes}, self.headers)
        assert answer.json()["data"]["updateOrder"]["order"]["notes"] == notes
        position: str = answer.headers["tidegate-position"]
        assert answer.json()["extensions"]["position"] == position
        return position

    async def fetch(self, statement: Statement) -> Any:  # Any: of any column
        database = self.site.front.database
        reader = database.query_reader(self.who.tenant, self.who.id, EVERY_ROW, database.deadline(10))
        return (await reader.fetch(statement))[0][0]


@asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    """A pair of its own in that folder, and a seeded server on it."""
    with streaming(folder) as pair:
        async with open_front(
            pair.primary,
            database_replica_url=pair.standby.runtime,
            replica_lag_seconds=LONG,
            replica_wait_seconds=0.2,
        ) as front:
            site = Site(front, pair)
            await until(lambda: site.replica.serves)
            yield site


@asynccontextmanager
async def another(site: Site, **changes: Any) -> AsyncIterator[Site]:  # Any: one value per setting
    """A second server of the same pair. Its first read opens a connection, which a busy machine takes its time for."""
    usual = {"replica_lag_seconds": LONG, "replica_wait_seconds": 0.5}
    given = {"database_replica_url": site.pair.standby.runtime, **usual, **changes}
    async with serving(settings_for(site.pair.primary, **given)) as front:
        other = Site(replace(front, dsns=site.pair.primary), site.pair)
        await until(lambda: other.replica.serves)
        yield other
