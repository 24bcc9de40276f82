"""What reading costs, in plans and shared buffers, as the runtime role: never in time."""

import itertools
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import orjson

from db.engine import Database
from db.pool import TenantPool
from db.statements import Statement
from db.tenancy import Row, TenantId, TenantReader


class Explaining(TenantReader):
    """A reader that remembers what it was asked."""

    __slots__ = ("asked",)

    def __init__(self, pool: TenantPool, tenant: TenantId) -> None:
        super().__init__(pool, tenant)
        self.asked: list[tuple[Statement, dict[str, object]]] = []

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        self.asked.append((statement, {**values, "tenant": self.tenant.hex, "holder": self.scope.holder}))
        return await super().fetch(statement, **values)


class Bench:
    """A door on a tenant, and a bare connection with the same rights that measures what was asked of it."""

    def __init__(self, database: Database, connection: asyncpg.Connection, tenant: TenantId) -> None:
        self.reader = Explaining(database.pool, tenant)
        self._connection = connection
        self._names = itertools.count()

    async def plans(self, *, generic: bool = False) -> list[dict[str, object]]:
        """The plans of what was asked since the last time, as run for these values or for any."""
        asked, self.reader.asked = self.reader.asked, []
        mode = "force_generic_plan" if generic else "force_custom_plan"
        await self._connection.execute(f"SET plan_cache_mode = {mode}")
        return [await self._explain(statement, values) for statement, values in asked if "EXPLAIN" not in statement.sql]

    async def buffers(self, *, generic: bool = False) -> int:
        """Shared buffers that all of it read."""
        found = await self.plans(generic=generic)
        return sum(int(str(plan["Shared Hit Blocks"])) + int(str(plan["Shared Read Blocks"])) for plan in found)

    async def _explain(self, statement: Statement, values: dict[str, object]) -> dict[str, object]:
        name = f"asked_{next(self._names)}"
        await self._connection.execute(f"PREPARE {name} AS {statement.sql}")
        given = ", ".join(map(literal, statement.args(values)))
        call = f"EXECUTE {name}({given})" if given else f"EXECUTE {name}"
        rows = await self._connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {call}")
        plan: dict[str, object] = orjson.loads(rows[0][0])[0]["Plan"]
        return plan


def literal(value: object) -> str:
    """A value as SQL text that any parameter type reads."""
    if isinstance(value, datetime):
        infinite = value.tzinfo is None  # how the driver spells the infinities
        return f"'{'-' * (value.year == 1)}infinity'" if infinite else f"'{value.isoformat()}'"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "'{" + ",".join(str(item) for item in value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"


def indexes_in(plan: object) -> set[str]:
    """The names of all indexes that a plan uses."""
    if isinstance(plan, list):
        return set().union(*map(indexes_in, plan)) if plan else set()
    if not isinstance(plan, dict):
        return set()
    here = {str(plan["Index Name"])} if "Index Name" in plan else set()
    return here.union(*(indexes_in(part) for part in plan.values() if isinstance(part, list)))


def tables_in(plan: object) -> set[str]:
    """The names of all tables that a plan reads."""
    parts = plan if isinstance(plan, list) else list(plan.values()) if isinstance(plan, dict) else []
    here = {str(plan["Relation Name"])} if isinstance(plan, dict) and "Relation Name" in plan else set()
    return here.union(*(tables_in(part) for part in parts if isinstance(part, list | dict)))
