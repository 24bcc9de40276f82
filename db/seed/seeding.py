"""Seeds a database: plans the tenants, loads the missing ones, refreshes visibility and the planner's statistics."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import asyncpg

from db.clock import utc_now
from db.seed.bare import Bare
from db.seed.hands import hands_for
from db.seed.load import LOADING, SESSION, Founding, Roles, TenantMade, load_tenant
from db.seed.plan import TenantPlan, plan_demo, plan_tenants
from db.seed.staging import TABLES

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
"""Where seeded time ends unless told otherwise, so that the same seed gives the same rows for ever."""
NOTHING: Roles = MappingProxyType({})
CONNECTIONS = 2
"""The largest tenant keeps one busy while the others share the rest: half and half."""
AT_ONCE = 20_000
"""With so many orders to come, a database without tenants is filled in one transaction, without indexes."""
_ONE_SEED_AT_A_TIME = 0x7469_6465_7365_6564
_SETTLING_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class SeedProgress:
    """How far a seed has come, in orders.

    ``total`` counts only what has to be made; ``stage`` is "orders", then "statistics".
    """

    done: int
    total: int
    stage: str


@dataclass(frozen=True, slots=True)
class SeedReport:
    """``made`` went in now, ``kept`` (slugs) was there before; ``seconds`` of wall time."""

    made: tuple[TenantMade, ...]
    kept: tuple[str, ...]
    seconds: float


Watcher = Callable[[SeedProgress], None]


async def seed(
    owner_dsn: str,
    *,
    orders: int,
    tenants: int,
    roles: Roles,
    elevatable: Roles = NOTHING,
    seed: int = 1,
    now: datetime = EPOCH,
    progress: Watcher | None = None,
) -> SeedReport:
    """Make ``tenants`` tenants with ``orders`` orders in all, the largest holding half of them; members of some roles
    are ``elevatable`` to more.

    A tenant whose slug is there already is left as it is: a second call returns at once, and the call after a killed
    one makes what is missing. Needs a migrated database and its owner. Raises ValueError when there are fewer orders
    than tenants, or when ``roles`` lacks a role of the staff.
    """
    return await _seed(owner_dsn, plan_tenants(orders, tenants, seed, now), _founding(roles, elevatable), progress)


async def seed_demo(
    owner_dsn: str,
    *,
    roles: Roles,
    elevatable: Roles = NOTHING,
    orders: int = 100_000,
    seed: int = 1,
    now: datetime | None = None,
    progress: Watcher | None = None,
) -> SeedReport:
    """Make ``acme`` with this many orders, ``globex`` with a fifth, ``initech`` with a twentieth, ending now.

    As ``seed`` otherwise.
    """
    return await _seed(owner_dsn, plan_demo(orders, seed, now or utc_now()), _founding(roles, elevatable), progress)


def _founding(roles: Roles, elevatable: Roles) -> Founding:
    return {name: (grants, elevatable.get(name, ())) for name, grants in roles.items()}


async def _seed(owner_dsn: str, plans: list[TenantPlan], roles: Founding, progress: Watcher | None) -> SeedReport:
    if missing := {"admin", "manager", "viewer", "partner"} - roles.keys():
        raise ValueError(f"the staff needs these roles too: {', '.join(sorted(missing))}")
    started = time.monotonic()
    async with _connection(owner_dsn) as control:
        await control.execute("SELECT pg_advisory_lock($1)", _ONE_SEED_AT_A_TIME)
        present = {row["slug"] for row in await control.fetch("SELECT slug FROM tenants")}
        wanted = [plan for plan in plans if plan.slug not in present]
        made = []
        if wanted:
            await settle(control)
            counter = Counter(wanted, progress)
            load = load_at_once if counter.total >= AT_ONCE and not present else load_side_by_side
            made = await load(owner_dsn, wanted, roles, counter)
            await control.execute(f"VACUUM (ANALYZE) {TABLES}")
    kept = tuple(plan.slug for plan in plans if plan.slug in present)
    return SeedReport(tuple(made), kept, time.monotonic() - started)


async def settle(control: asyncpg.Connection) -> None:
    """Forget a killed seed: wait for its last statements, and give back the pages of its dead rows.

    Once analysed, pages without a live row make the planner expect an empty table however much it grows. All our
    indexes begin with the tenant and end with the id, so they then cost alike, and the checks of foreign keys may take
    one that walks through the whole tenant for each row (measured: 15 s became 195 s).
    """
    if not await control.fetchval("SELECT pg_try_advisory_lock($1)", LOADING):
        await control.execute("SELECT pg_advisory_lock($1)", LOADING)
        await asyncio.sleep(_SETTLING_SECONDS)  # their counts of dead rows arrive a little later, and wake autovacuum
    await control.execute("SELECT pg_advisory_unlock($1)", LOADING)
    await control.execute(f"VACUUM {TABLES}")


class Counter:
    """Adds up what the connections report."""

    def __init__(self, plans: list[TenantPlan], progress: Watcher | None) -> None:
        self.total = sum(plan.orders for plan in plans)
        self.done = 0
        self.progress = progress
        self.add(0)

    def add(self, orders: int) -> None:
        self.done += orders
        if self.progress is not None:
            self.progress(SeedProgress(self.done, self.total, "orders" if self.done < self.total else "statistics"))


async def load_at_once(owner_dsn: str, plans: list[TenantPlan], roles: Founding, counter: Counter) -> list[TenantMade]:
    """All tenants or none: nobody else may use their tables meanwhile."""
    async with (
        hands_for(counter.total) as hands,
        _connection(owner_dsn) as connection,
        connection.transaction(),
    ):
        bare = await Bare.make(connection)
        made = [await load_tenant(connection, plan, roles, counter.add, hands) for plan in plans]
        await bare.undo(connection)
    return made


async def load_side_by_side(
    owner_dsn: str, plans: list[TenantPlan], roles: Founding, counter: Counter
) -> list[TenantMade]:
    """Each tenant for itself, so that those who are there can go on working."""
    waiting = deque(sorted(plans, key=lambda plan: -plan.orders))
    made: dict[str, TenantMade] = {}

    async def worker() -> None:
        async with _connection(owner_dsn) as connection:
            while waiting:
                plan = waiting.popleft()
                made[plan.slug] = await load_tenant(connection, plan, roles, counter.add)

    workers = [asyncio.create_task(worker()) for _ in range(min(CONNECTIONS, len(plans)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [made[plan.slug] for plan in plans]


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, server_settings=SESSION)
    try:
        yield connection
    except BaseException:
        connection.terminate()
        raise
    await connection.close()
