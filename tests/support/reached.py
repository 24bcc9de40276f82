"""What callers with narrower scopes may not see: rows of the tenant that are not theirs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from db.scopes import REACHES, RowScope, scope_of
from tests.support.facts import look
from tests.support.world import World

_TELLING = re.compile(rb"(?:ord|cus)_[0-9a-f]{32}|\b\d{6}-[0-9A-Z]{7}\b")
"""What names a row: the ids of orders and customers, and the numbers of orders."""
_ROWS = "SELECT * FROM {table} WHERE tenant_id = $1"


@dataclass(frozen=True, slots=True)
class Reached:
    """For each reach the scope of somebody who holds much, and what names the rows out of it."""

    scopes: Mapping[str, RowScope]
    foreign: Mapping[str, frozenset[bytes]]

    @classmethod
    async def of(cls, world: World, tenant: str = "acme") -> "Reached":
        """Of the member who made most orders."""
        hex_id = world.tenants[tenant].hex
        orders, customers = [await look(world, _ROWS.format(table=table), hex_id) for table in ("orders", "customers")]
        makers = [row["created_by"] for row in orders if row["created_by"]]
        holder = max(set(makers), key=makers.count)
        scopes = {reach: scope_of([reach], holder) for reach in REACHES}
        foreign = {}
        for reach, columns in REACHES.items():
            mine, theirs = _parted(orders, columns, holder)
            names = {name for row in theirs for name in (f"ord_{row['id']}", row["number"])}
            seen = {row["customer_id"] for row in mine}  # whoever sees an order sees whose it is
            names |= {f"cus_{row['id']}" for row in _parted(customers, columns, holder)[1] if row["id"] not in seen}
            foreign[reach] = frozenset(name.encode() for name in names)
        return cls(scopes, foreign)

    def leaked(self, body: bytes, reach: str, asked: str = "") -> set[bytes]:
        """What the body names of rows out of the reach; what was ``asked`` may be told back."""
        known = asked.encode()
        return {name for name in _TELLING.findall(body) if name in self.foreign[reach] and name not in known}


def _parted(
    rows: Sequence[asyncpg.Record], columns: Sequence[str], holder: str
) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
    """The rows that are reached, and the others; told in plain words, and not by the code under test."""
    mine = [row for row in rows if not columns or holder in {row[column] for column in columns}]
    reached = {row["id"] for row in mine}
    return mine, [row for row in rows if row["id"] not in reached]
