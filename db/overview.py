"""The sums of orders by day, status and currency: those that are kept, and the log's few entries that are not in them
yet (``db/folding.py``). Both are read in one statement, so they are of one moment. No order is read, save within a
narrower scope: there the caller's own orders of the range are added up, which an index finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Numeric,
    Select,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    union,
    union_all,
)

from db.events import Position, identity_number
from db.scopes import branches
from db.statements import Statement, compile_statement
from db.tables import QUARTERS, event_heads, event_log, folded_heads, order_hours, orders
from db.tenancy import TenantReader

_TIME = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class OrderSum:
    """The orders made in one stretch of time that are in one status and currency now; ``total`` in hundredths."""

    stretch: int
    status: str
    currency: str
    orders: int
    total: int


@dataclass(frozen=True, slots=True)
class OrderSums:
    """All sums, and of the same moment: where the log stood (None: it never began), and the number of the newest change
    of who-may-what.
    """

    sums: list[OrderSum]
    position: Position | None
    identity_number: int


async def order_sums(reader: TenantReader, bounds: Sequence[datetime]) -> OrderSums:
    """The sums of each stretch between neighbouring bounds; the first is number 0. Bounds ascend, and each lies on a
    quarter of an hour.
    """
    whole = all(bound.minute == 0 for bound in bounds)
    statement = _sums(whole, reader.scope.columns_of(orders))
    rows = await reader.fetch(statement, bounds=list(bounds), first=bounds[0], last=bounds[-1])
    head = rows[0]
    sums = [
        OrderSum(row["stretch"] - 1, row["status"], row["currency"], row["orders"], int(row["total"]))
        for row in rows
        if row["orders"] or row["total"]
    ]
    position = None if head["seq"] is None else Position(head["seq"], head["ts"])
    return OrderSums(sums, position, head["identity_number"])


@lru_cache(maxsize=8)
def _sums(whole: bool, holders: tuple[str, ...]) -> Statement:
    """``whole``: all bounds lie on full hours, so that no hour is cut into its quarters."""
    kept = [_hours()] if whole else [_quarter(place) for place in range(4)]
    tenants = union_all(*kept, _unfolded("after", 1), _unfolded("before", -1))
    rows = (_held(holders) if holders else tenants).subquery("counted")
    counted = (
        select(
            rows.c.stretch,
            rows.c.status,
            rows.c.currency,
            func.sum(rows.c.orders).label("orders"),
            func.sum(rows.c.total).label("total"),
        )
        .group_by(rows.c.stretch, rows.c.status, rows.c.currency)
        .subquery("sums")
    )
    # The head in the same statement: both are of one moment.
    one = select(literal_column("1")).subquery("one")
    both = one.outerjoin(event_heads, event_heads.c.tenant_id == bindparam("tenant")).outerjoin(counted, true())
    return compile_statement(
        select(event_heads.c.seq, event_heads.c.ts, identity_number(), *counted.c).select_from(both)
    )


def _hours() -> Select[Any]:  # Any: a row of sums
    orders = [order_hours.c[f"orders_{quarter}"] for quarter in QUARTERS]
    total = [order_hours.c[f"total_{quarter}"] for quarter in QUARTERS]
    return _between(order_hours.c.hour, sum(orders[1:], orders[0]), sum(total[1:], total[0]))


def _quarter(place: int) -> Select[Any]:  # Any: as above
    begins = order_hours.c.hour + literal_column(f"interval '{15 * place} minutes'")
    quarter = QUARTERS[place]
    found = _between(begins, order_hours.c[f"orders_{quarter}"], order_hours.c[f"total_{quarter}"])
    # What the index can use: the quarter itself is an expression.
    first = bindparam("first", type_=_TIME) - literal_column("interval '1 hour'")
    return found.where(order_hours.c.hour > first, order_hours.c.hour < bindparam("last", type_=_TIME))


def _unfolded(image: str, sign: int) -> Select[Any]:  # Any: as above
    """What the entries past the mark add by what an order is, or take away by what it was."""
    log, bounds = event_log.c, bindparam("bounds", type_=ARRAY(_TIME))
    made = cast(log[image]["created_at"].astext, _TIME)
    return select(
        func.width_bucket(made, bounds).label("stretch"),
        log[image]["status"].astext.label("status"),
        log[image]["currency"].astext.label("currency"),
        literal_column(f"{sign}").label("orders"),
        (literal_column(f"{sign}") * cast(log[image]["total"].astext, Numeric)).label("total"),
    ).where(
        log.tenant_id == bindparam("tenant"),
        log.seq > _mark(folded_heads.c.seq, literal(0, BigInteger)),
        log.ts >= _mark(folded_heads.c.ts, literal_column("timestamptz '-infinity'")),
        log.tally,
        made >= bindparam("first", type_=_TIME),
        made < bindparam("last", type_=_TIME),
    )


def _mark(column: ColumnElement[Any], beginning: ColumnElement[Any]) -> ColumnElement[Any]:  # Any: of the same type
    """Where the entries begin that are not in the sums; looked up once. (Under row-level security ``coalesce`` is no
    bound of an index.)
    """
    found = select(column).where(folded_heads.c.tenant_id == bindparam("tenant")).scalar_subquery()
    return func.greatest(found, beginning)


def _held(holders: tuple[str, ...]) -> Select[Any]:  # Any: a row of one order
    """The orders of the caller's scope, each once though it may be found by several columns."""
    wanted = (orders.c.id, orders.c.created_at, orders.c.status, orders.c.currency, orders.c.total)
    made = (
        orders.c.created_at >= bindparam("first", type_=_TIME),
        orders.c.created_at < bindparam("last", type_=_TIME),
    )
    found = [
        select(*wanted).where(orders.c.tenant_id == bindparam("tenant"), branch, *made)
        for branch in branches(orders, holders)
    ]
    rows = (found[0] if len(found) == 1 else union(*found)).subquery("held")
    return select(
        func.width_bucket(rows.c.created_at, bindparam("bounds", type_=ARRAY(_TIME))).label("stretch"),
        rows.c.status,
        rows.c.currency,
        literal_column("1").label("orders"),
        rows.c.total,
    )


def _between(
    begins: ColumnElement[Any], orders: ColumnElement[Any], total: ColumnElement[Any]
) -> Select[Any]:  # Any: of their types; a row of sums
    bounds = bindparam("bounds", type_=ARRAY(_TIME))
    return select(
        func.width_bucket(begins, bounds).label("stretch"),
        order_hours.c.status,
        order_hours.c.currency,
        orders.label("orders"),
        total.label("total"),
    ).where(
        order_hours.c.tenant_id == bindparam("tenant"),
        begins >= bindparam("first", type_=_TIME),
        begins < bindparam("last", type_=_TIME),
    )
