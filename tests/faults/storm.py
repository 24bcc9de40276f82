"""The fault run: two hundred subscribers in every mode, writers in three tenants, and bad weather for a while; then
calm, until everybody was told everything, and the account of it.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import asyncpg
import httpx2

from auth.keyring import Keyring
from auth.operators import issue_token
from auth.permissions import SYSTEM_ROLES
from db.engine import Database
from db.migrations.run import upgrade
from db.seed import seed
from tests.bench.database import dsns_of
from tests.faults.account import Account
from tests.faults.books import BUSY
from tests.faults.diary import Record
from tests.faults.lines import Fields
from tests.faults.nouns import Image
from tests.faults.nursery import SECRET, open_nursery
from tests.faults.subscribers import MODES, Subscriber
from tests.faults.truth import Judge, orders_of, truth_of
from tests.faults.weather import Postgres, Weather
from tests.faults.writers import Writer
from tests.support.database import Dsns
from tests.support.redis import redis_server
from tests.support.shop import Shop
from tests.support.wire import Wire, stretched

TENANTS = ("acme", "globex", "initech")
ROLES = ("admin", "manager", "viewer", "partner")
WORKERS = 2
SUBSCRIBERS = 200
WRITERS_OF_EACH = 2
WRITE_SECONDS = 0.3
"""From one change of a writer to its next, on average."""
LEAST_CHANGES = 100
"""That writers have made before they rest, however busy the machine is."""
PATIENCE = 60.0
"""Seconds after the storm until what was not told counts as lost."""
_HEADS = "SELECT sum(seq) FROM event_heads"
Say = Callable[[str], None]


class Storm:
    """Everybody who takes part."""

    def __init__(self, seed: int, dsns: Callable[[], Dsns], weather: Weather, port: int, wire: Wire) -> None:
        self._chance = random.Random(seed)
        self._dsns = dsns
        self._weather = weather
        self._port = port
        self._wire = wire
        self.subscribers: list[Subscriber] = []
        self.writers: list[Writer] = []
        self._orders: dict[str, dict[str, Image]] = {}

    async def gather(self, count: int, bearers: dict[tuple[str, str], Fields]) -> None:
        """Subscribers of all tenants, roles and modes, and the writers."""
        for number in range(count):
            tenant, role = TENANTS[number % len(TENANTS)], self._chance.choice(ROLES)
            mode, chance = MODES[number // len(TENANTS) % len(MODES)], random.Random(self._chance.random())
            self.subscribers.append(mode(tenant, role, bearers[tenant, role], self._wire.port, chance))
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self._port}") as client:
            for tenant in TENANTS:
                shop = await Shop.open(client, dict(bearers[tenant, "admin"]))
                for _ in range(WRITERS_OF_EACH):
                    chance = random.Random(self._chance.random())
                    self.writers.append(Writer(shop.headers, shop.draft, self._port, chance, WRITE_SECONDS))

    async def run(self, seconds: float, say: Say) -> Account:
        """The storm and the calm after it."""
        async with self._database() as (connection, ids):
            self._orders = {tenant: await orders_of(connection, ids[tenant]) for tenant in TENANTS}
        end = monotonic() + seconds
        async with _at_work([each.live() for each in self.subscribers]):
            async with _at_work([each.write() for each in self.writers]), _at_work([self._tell(end, say)]):
                await self._weather.rage(lambda: monotonic() > end, self._ended)
                for each in self.subscribers:
                    each.calm = True
                await self._wait_for(lambda record: not record.count or self._changes() < LEAST_CHANGES)
            calm = monotonic()
            async with self._database() as (connection, ids):
                await _settled(connection)
                judge = Judge(
                    {tenant: await truth_of(connection, ids[tenant], self._orders[tenant]) for tenant in TENANTS}
                )
                events = int(await connection.fetchval(_HEADS))
            await self._wait_for(judge.is_behind)
            account = Account(events=events, caught_up=monotonic() - calm)
            await asyncio.sleep(0.5)  # for what should not come
        account.struck, account.ended = self._weather.struck, self._weather.ended
        for writer in self.writers:
            account.written += writer.outcomes
        await asyncio.to_thread(account.settle, self.subscribers, judge)
        return account

    @property
    def records(self) -> list[Record]:
        """What all of their operations were told."""
        return [record for each in self.subscribers for record in each.records]

    def _changes(self) -> int:
        return sum(each.outcomes["done"] for each in self.writers)

    def _ended(self) -> int:
        return sum(each.ended for each in self.subscribers)

    async def _tell(self, end: float, say: Say) -> None:
        while True:
            told = sum(record.count for record in self.records)
            is_open = sum(each.open for each in self.subscribers)
            left = max(0.0, end - monotonic())
            say(f"{left:3.0f} s left · {is_open:3} streams open · {told:,} frames told · {self._weather.now or 'calm'}")
            await asyncio.sleep(0.5)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[tuple[asyncpg.Connection, dict[str, str]]]:
        """Past every door, and the tenants' ids."""
        connection = await asyncpg.connect(self._dsns().superuser)
        try:
            yield connection, {row["slug"]: row["id"] for row in await connection.fetch("SELECT slug, id FROM tenants")}
        finally:
            await connection.close()

    async def _wait_for(self, lacking: Callable[[Record], bool]) -> None:
        """Until nobody lacks it, or too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while any(map(lacking, self.records)):  # noqa: ASYNC110  # there is no event behind it
                    await asyncio.sleep(0.05)


async def _settled(connection: asyncpg.Connection) -> None:
    """Until nothing that the last writers asked for is still under way: a server may only just have read it."""
    before = None
    while (now := (await connection.fetchval(_HEADS), await connection.fetchval(BUSY))) != before or now[1]:
        before = now
        await asyncio.sleep(1.0)


@asynccontextmanager
async def _at_work(work: Sequence[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Tasks for as long as the block runs. What one of them raises is raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if not isinstance(result, asyncio.CancelledError) and isinstance(result, BaseException):
            raise result


async def storm(
    seconds: float,
    seed_number: int,
    subscribers: int = SUBSCRIBERS,
    say: Say = lambda text: None,
    only: Sequence[str] = (),
) -> Account:
    """Set everything up, run, and take it down again."""
    with tempfile.TemporaryDirectory(prefix="tidegate-storm-") as folder, redis_server() as redis:
        postgres = await asyncio.to_thread(Postgres, Path(folder))
        try:
            dsns = dsns_of(postgres.server)
            await _prepare(dsns)
            async with open_nursery(dsns, REDIS_URL=redis.url) as nursery:
                for _ in range(WORKERS):
                    await nursery.start()
                async with stretched(nursery.port) as wire:
                    weather = Weather(random.Random(seed_number), nursery, redis, postgres, wire, only)
                    run = Storm(seed_number, lambda: dsns_of(postgres.server), weather, nursery.port, wire)
                    await run.gather(subscribers, await _bearers(dsns))
                    return await run.run(seconds, say)
        finally:
            await asyncio.to_thread(postgres.server.stop)


async def _prepare(dsns: Dsns) -> None:
    await upgrade(dsns.owner, runtime_login=dsns.runtime_login)
    roles = {name: list(grants) for name, grants in SYSTEM_ROLES.items()}
    await seed(dsns.owner, orders=60, tenants=len(TENANTS), roles=roles)


async def _bearers(dsns: Dsns) -> dict[tuple[str, str], Fields]:
    database = await Database.open(dsns.runtime, size=1, directory_size=1)
    try:
        return {
            (tenant, role): {
                "authorization": "Bearer "
                + await issue_token(database.directory, Keyring([SECRET]), f"{role}@{tenant}.example", tenant, 60)
            }
            for tenant in TENANTS
            for role in ROLES
        }
    finally:
        await database.close()
