"""What the sums of orders must be: the orders themselves, added up."""

from typing import Protocol

import asyncpg

_SUMS = ", ".join(
    f"{what} FILTER (WHERE quarter = {place})" for what in ("count(*)", "sum(total)") for place in range(4)
)
_KEPT = ", ".join(f"{kind}_{quarter}" for kind in ("orders", "total") for quarter in ("00", "15", "30", "45"))
DIFFERENCES = f"""
WITH added AS (
    SELECT tenant_id, date_trunc('hour', created_at, 'UTC') AS hour, currency, status, {_SUMS} FROM (
        SELECT *, extract(minute FROM created_at AT TIME ZONE 'UTC')::int / 15 AS quarter FROM orders
    ) o GROUP BY 1, 2, 3, 4
), filled AS (
    SELECT tenant_id, hour, currency, status, n0, n1, n2, n3, coalesce(t0, 0), coalesce(t1, 0), coalesce(t2, 0),
        coalesce(t3, 0) FROM added AS a (tenant_id, hour, currency, status, n0, n1, n2, n3, t0, t1, t2, t3)
), kept AS (
    SELECT tenant_id, hour, currency, status, {_KEPT} FROM order_hours
    WHERE orders_00 <> 0 OR orders_15 <> 0 OR orders_30 <> 0 OR orders_45 <> 0
        OR total_00 <> 0 OR total_15 <> 0 OR total_30 <> 0 OR total_45 <> 0
)
(TABLE filled EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE filled)
"""
"""Rows that are not in both: there must be none. Empty hours do not count."""


class Fetches(Protocol):
    """A connection that sees the rows in question."""

    async def fetch(self, query: str, /) -> list[asyncpg.Record]: ...


FOLD = "SELECT fold_orders(tenant_id, 1000000) FROM event_heads"


async def differences(connection: Fetches) -> list[asyncpg.Record]:
    """Between the orders and the sums, once all of the log is in them."""
    await connection.fetch(FOLD)
    return await connection.fetch(DIFFERENCES)
