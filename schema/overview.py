"""The overview of a tenant's orders, spoken: tiles and series, read at once or watched."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

import strawberry

from db.events import Position
from resolvers.days import MAX_DAYS
from resolvers.days import TimeRange as Asked
from resolvers.overview import overview, watch_overview
from schema.caching.declared import CacheScope, cached, changes_with
from schema.fields import Info, column, computed, given, part, root_field
from schema.live.delivery import coalesce, live_field
from schema.money import Money
from schema.operation import Operation
from schema.orders import READ, OrderStatus
from schema.weights import weighs

ENTITY = "overview"


@strawberry.input(
    description="Whole days of a time zone: those that the time from `from` until before `to` touches, at most 400. "
    "Without `to` until now; without `from` thirty days."
)
class TimeRange:
    """Days are whole because a chart's are."""

    from_: datetime | None = strawberry.field(default=strawberry.UNSET, name="from")
    to: datetime | None = strawberry.UNSET
    time_zone: str | None = strawberry.field(
        default=strawberry.UNSET, description="A name of the time zone database, such as Europe/Berlin; else UTC."
    )


@strawberry.type(description="The orders in one status.", directives=weighs("0"))
class OverviewStatus:
    """A part of an overview."""

    status: OrderStatus = computed(OrderStatus, "status")
    orders: int = column("orders")
    total: list[Money] = part("total", description="By currency.")


@strawberry.type(description="The orders that were made on one day.", directives=weighs("0.1"))
class OverviewDay:
    """A part of an overview."""

    date: str = column("date", description="YYYY-MM-DD, in the time zone of the range.")
    starts_at: datetime = column("starts_at")
    orders: int = column("orders")
    revenue: list[Money] = part("revenue", description="By currency; nothing that was cancelled or refunded.")
    statuses: list[OverviewStatus] = part("statuses", description="Every status, also those without orders.")


@strawberry.type(
    description="The orders that were made in a range of days, as they stand now.",
    directives=[*weighs("20"), *changes_with("order")],
)
class Overview:
    """Its source is what ``resolvers/overview.py`` makes."""

    starts_at: datetime = column("starts_at", description="When the first day begins.")
    ends_at: datetime = column("ends_at", description="When the last day is over.")
    time_zone: str = column("time_zone")
    orders: int = column("orders")
    open_orders: int = column("open_orders", description="Those that are not yet delivered, cancelled or refunded.")
    revenue: list[Money] = part("revenue", description="By currency; nothing that was cancelled or refunded.")
    average_order: list[Money] = part("average_order", description="By currency: revenue by the orders that made it.")
    statuses: list[OverviewStatus] = part("statuses", description="Every status, also those without orders.")
    days: list[OverviewDay] = part(
        "days", at_most=MAX_DAYS, description="Every day of the range, also those without orders."
    )
    cursor: str = column("cursor", description="The overview is true here: watch `overviewUpdated` after it.")


async def _overview(info: Info, range: TimeRange | None = strawberry.UNSET) -> Any:  # Any: an overview's source
    found, position = await overview(info.context.read, _asked(range))
    return {**found, "cursor": _cursor(info.context, position)}


async def _overview_updated(
    info: Info,
    range: TimeRange | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
) -> AsyncIterator[Any]:  # Any: an overview's source
    operation = info.context
    watched = watch_overview(operation.read, _asked(range), operation.resume_after, operation.moved)
    async with aclosing(watched) as overviews:
        async for found, position in overviews:
            place = {"cursor": _cursor(operation, position), "position": position, "entity_id": ENTITY}
            yield {**found, **place}


def _asked(range: TimeRange | None) -> Asked:
    range = given(range)
    if range is None:
        return Asked()
    return Asked(given(range.from_), given(range.to), given(range.time_zone) or "UTC")


def _cursor(operation: Operation, position: Position) -> str:
    return operation.event_cursors.encode(operation.read.principal.tenant, position)


@strawberry.type
class OverviewQueries:
    """The root field of the overview."""

    overview: Overview = root_field(
        _overview,
        gate=READ,
        keeping=cached(ttl=60, scope=CacheScope.TENANT),
        description="Tiles and series of the orders that were made in a range of days.",
    )


@strawberry.type
class OverviewSubscriptions:
    """The subscription of the overview."""

    overview_updated: Overview = live_field(
        _overview_updated,
        gate=READ,
        delivery=coalesce(),
        description="The overview each time that it has changed, at most once a second, from now on or after a cursor.",
    )
