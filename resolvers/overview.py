"""The overview of a tenant's orders: tiles and series over a range of days, and when it is worth looking again.

It speaks of the orders of the caller's scope that were made in the range, as they stand now. What was cancelled or
refunded is no revenue.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any

from db.events import Event, Position, typed_event
from db.hub import NOTHING
from db.money import CURRENCIES
from db.orders import LISTING
from db.overview import OrderSum, order_sums
from db.scopes import RowScope, seen_within
from db.tables import ORDER_STATUSES
from resolvers.context import ReadContext
from resolvers.days import Days, TimeRange, days_of

OPEN = frozenset({"PENDING", "CONFIRMED", "PROCESSING", "SHIPPED"})
LOST = frozenset({"CANCELLED", "REFUNDED"})
SECONDS = 1.0
"""Between two overviews that a watcher is told, at least."""
_COUNTED = ("status", "currency", "total", "created_at")

Overview = dict[str, Any]  # Any: one value per field
Moneys = list[dict[str, int | str]]


async def overview(ctx: ReadContext, asked: TimeRange) -> tuple[Overview, Position]:
    """The overview, and the place of the log at which it is true. Raises InvalidInput."""
    days = days_of(asked, ctx.clock())
    found = await order_sums(ctx.reader, days.bounds)
    return _overview(asked, days, found.sums), found.position or NOTHING


async def watch_overview(
    ctx: ReadContext, asked: TimeRange, after: Position | None, moved: Callable[[Position], None]
) -> AsyncGenerator[tuple[Overview, Position], None]:
    """A fresh overview each time that it has changed, at most one in ``SECONDS``, from now on; after a position, first
    one for all that was missed. ``moved`` as in ``resolvers/events.py``. Raises InvalidInput, CursorExpired.
    """
    days_of(asked, ctx.clock())
    head = await ctx.hub.head(ctx.principal.tenant)
    position, told, loop = after or head, -SECONDS, asyncio.get_running_loop()
    moved(position)
    missed = position.seq < head.seq
    while missed or await _changed(ctx, asked, position, moved):
        await asyncio.sleep(max(0.0, told + SECONDS - loop.time()))
        days = days_of(asked, ctx.clock())
        found = await order_sums(ctx.reader, days.bounds)
        await ctx.hub.pass_fence(found.identity_number)
        missed, told, position = False, loop.time(), found.position or position
        yield _overview(asked, days, found.sums), position
        moved(position)


async def _changed(ctx: ReadContext, asked: TimeRange, position: Position, moved: Callable[[Position], None]) -> bool:
    """Wait for a change that shows; false when there will be none."""
    async with aclosing(ctx.hub.follow(ctx.principal.tenant, position)) as batches:
        async for batch in batches:
            days = days_of(asked, ctx.clock())
            if any(_shows(event, days, ctx.principal.scope) for event in batch):
                return True
            moved(Position(batch[-1].seq, batch[-1].ts))
    return False


def _shows(logged: Event, days: Days, scope: RowScope) -> bool:
    """Whether the change alters a sum of these days."""
    seen = seen_within(scope, LISTING.table, logged) if logged.entity == LISTING.noun else None
    if seen is None:
        return False
    event = typed_event(LISTING.table, seen)
    images = [image for image in (event.before, event.after) if image is not None]
    counted = [[image[name] for name in _COUNTED] for image in images]
    return (len(images) == 1 or counted[0] != counted[1]) and any(days.hold(image["created_at"]) for image in images)


def _overview(asked: TimeRange, days: Days, sums: Sequence[OrderSum]) -> Overview:
    currencies = sorted({each.currency for each in sums})
    stretches: list[list[OrderSum]] = [[] for _ in days.dates]
    for each in sums:
        stretches[each.stretch].append(each)
    return {
        "starts_at": days.bounds[0],
        "ends_at": days.bounds[-1],
        "time_zone": asked.zone,
        "orders": _count(sums),
        "open_orders": _count(each for each in sums if each.status in OPEN),
        "revenue": _revenue(sums, currencies),
        "average_order": _average(sums, currencies),
        "statuses": _statuses(sums, currencies),
        "days": [
            {
                "date": day.isoformat(),
                "starts_at": begins,
                "orders": _count(found),
                "revenue": _revenue(found, currencies),
                "statuses": _statuses(found, currencies),
            }
            for day, begins, found in zip(days.dates, days.bounds, stretches, strict=False)
        ],
    }


def _count(sums: Iterable[OrderSum]) -> int:
    return sum(each.orders for each in sums)


def _statuses(sums: Sequence[OrderSum], currencies: Sequence[str]) -> list[Overview]:
    """All statuses, in the order of an order's life."""
    by_status: dict[str, list[OrderSum]] = {status: [] for status in ORDER_STATUSES}
    for each in sums:
        by_status[each.status].append(each)
    return [
        {"status": status, "orders": _count(found), "total": _totals(found, currencies)}
        for status, found in by_status.items()
    ]


def _revenue(sums: Sequence[OrderSum], currencies: Sequence[str]) -> Moneys:
    return _totals([each for each in sums if each.status not in LOST], currencies)


def _totals(sums: Sequence[OrderSum], currencies: Sequence[str]) -> Moneys:
    """An amount for each of the currencies, zero where there is none."""
    totals = dict.fromkeys(currencies, 0)
    for each in sums:
        totals[each.currency] += each.total
    return [{"amount": amount, "currency": currency} for currency, amount in totals.items()]


def _average(sums: Sequence[OrderSum], currencies: Sequence[str]) -> Moneys:
    """What an order that counts as revenue is worth, rounded half up as the currency is written; none without any."""
    found: Moneys = []
    for currency in currencies:
        kept = [each for each in sums if each.currency == currency and each.status not in LOST]
        if orders := _count(kept):
            unit = 10 ** (2 - CURRENCIES[currency])
            total = sum(each.total for each in kept)
            found.append({"amount": (2 * total + orders * unit) // (2 * orders * unit) * unit, "currency": currency})
    return found
