"""What the database holds of a tenant's orders and their log, read past every door, and whether the two agree."""

from dataclasses import dataclass

import asyncpg

from db.ids import public_id
from tests.support.database import Dsns

_EVENTS = (
    "SELECT seq, type, entity_id, version, after->>'status' AS status FROM event_log WHERE tenant_id = $1 ORDER BY seq"
)
_ORDERS = (
    "SELECT id, version, status, total,"
    " (SELECT count(*) FROM order_items i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id) AS items,"
    " (SELECT sum(total) FROM order_items i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id) AS item_total,"
    " (SELECT count(*) FROM order_terms t WHERE t.tenant_id = o.tenant_id AND t.order_id = o.id) AS terms,"
    " (SELECT count(*) FROM audit_log a WHERE a.tenant_id = o.tenant_id"
    " AND a.entity_id = 'ord_' || replace(o.id::text, '-', '')) AS audited"
    " FROM orders o WHERE tenant_id = $1 AND notes = $2"
)
BUSY = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"

_TABLES = ("orders", "order_items", "order_terms", "event_log", "audit_log", "customers", "products", "sessions")
_DENIALS = "SELECT count(*) FROM audit_log WHERE outcome = 'DENIED'"
_ROWS = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in _TABLES)


@dataclass(frozen=True, slots=True)
class Books:
    """One tenant's. ``begin`` is where its log stood when they were opened."""

    connection: asyncpg.Connection
    tenant: str
    begin: int

    @classmethod
    async def open(cls, dsns: Dsns, slug: str = "acme") -> "Books":
        connection = await asyncpg.connect(dsns.superuser)
        tenant = await connection.fetchval("SELECT id::text FROM tenants WHERE slug = $1", slug)
        begin = await connection.fetchval("SELECT seq FROM event_heads WHERE tenant_id = $1", tenant)
        return cls(connection, tenant, begin or 0)

    async def close(self) -> None:
        await self.connection.close()

    async def events(self) -> list[asyncpg.Record]:
        """What was logged since."""
        return [row for row in await self.connection.fetch(_EVENTS, self.tenant) if row["seq"] > self.begin]

    async def log(self) -> list[tuple[str, str]]:
        """The same as a stream tells it: type and public id."""
        return [(event["type"], public_id("ord", event["entity_id"].hex)) for event in await self.events()]

    async def rows(self) -> dict[str, int]:
        """How many rows each table has, of all tenants."""
        row = await self.connection.fetchrow(_ROWS)
        return dict(row or {})

    async def denials(self) -> int:
        """How often it is on record that somebody was denied something, in all tenants."""
        return int(await self.connection.fetchval(_DENIALS))

    async def orders(self, notes: str) -> list[asyncpg.Record]:
        return list(await self.connection.fetch(_ORDERS, self.tenant, notes))

    async def settled(self) -> bool:
        """Whether what killed servers left open is rolled back or committed."""
        return not await self.connection.fetchval(BUSY)

    async def awaited(self) -> bool:
        """Whether a transaction waits for a lock, such as the one on the tenant's head."""
        return bool(await self.connection.fetchval(_WAITING))

    async def audit(self, notes: str, items: int) -> set[str]:
        """Asserts that the orders with these notes (every one has ``items``) and the log tell the same story: numbers
        without a gap, each version of each order told once, nothing half-done. Answers the orders' public ids.
        """
        events, orders = await self.events(), await self.orders(notes)
        head = await self.connection.fetchval("SELECT seq FROM event_heads WHERE tenant_id = $1", self.tenant)
        assert [event["seq"] for event in events] == list(range(self.begin + 1, head + 1))
        assert {event["entity_id"] for event in events} == {order["id"] for order in orders}
        for order in orders:
            own = [event for event in events if event["entity_id"] == order["id"]]
            assert [event["version"] for event in own] == list(range(1, order["version"] + 1)), order
            assert [event["type"] for event in own][:1] == ["order.created"]
            assert (own[-1]["status"], len(own)) == (order["status"], order["audited"])
            assert (order["items"], order["item_total"]) == (items, order["total"])
            assert order["terms"] > 0
        return {public_id("ord", order["id"].hex) for order in orders}
