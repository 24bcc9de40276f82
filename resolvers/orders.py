"""What can be asked of orders, and the rules by which they change."""

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

import db.orders as rows
from db.customers import customers_by_id
from db.errors import Duplicate
from db.pages import Page, PageRequest
from db.tenancy import Row, TenantWriter
from resolvers.changes import Patch, held, record, refuse
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import BadTransition, Invalid, NotFound, Problem
from resolvers.events import Watch, watch
from resolvers.live_pages import FollowPage, follow_page
from resolvers.members import check_assignee
from resolvers.order_drafts import MAX_NOTES, NewOrder, assemble

TRANSITIONS: dict[str, frozenset[str]] = {
    "PENDING": frozenset({"CONFIRMED", "CANCELLED"}),
    "CONFIRMED": frozenset({"PROCESSING", "CANCELLED"}),
    "PROCESSING": frozenset({"SHIPPED", "CANCELLED"}),
    "SHIPPED": frozenset({"DELIVERED"}),
    "DELIVERED": frozenset({"REFUNDED"}),
    "CANCELLED": frozenset(),
    "REFUNDED": frozenset(),
}
"""Where a status may go from here."""


class OrderPatch(Patch):
    """What ``update_order`` may change: ``notes``, ``customer_id``, ``assigned_to``."""

    __slots__ = ()


watch_orders: Watch = partial(watch, rows.LISTING)
follow_page_of_orders: FollowPage = partial(follow_page, rows.LISTING)


def list_orders(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Awaitable[Page]:
    return rows.page_of_orders(ctx.reader, request, columns)


def count_orders(ctx: ReadContext, request: PageRequest) -> Awaitable[tuple[int, bool]]:
    return rows.count_of_orders(ctx.reader, request)


def has_orders(ctx: ReadContext, page: Page, *, ahead: bool) -> Awaitable[bool]:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return rows.has_orders(ctx.reader, page, ahead=ahead)


def orders_of_customers(
    ctx: ReadContext, ids: Sequence[str], request: PageRequest, columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Page]]:
    """A page of the orders of each of these customers, for all parents at once."""
    return rows.orders_of_customers(ctx.reader, ids, request, columns)


def count_orders_of_customers(
    ctx: ReadContext, ids: Sequence[str], request: PageRequest
) -> Awaitable[dict[str, tuple[int, bool]]]:
    """How many orders each of these customers has, and whether that is an estimate."""
    return rows.count_of_orders_of_customers(ctx.reader, ids, request)


def orders_by_id(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    """The orders with these ids, for all parents at once."""
    return rows.orders_by_id(ctx.reader, ids, columns)


def items_of_orders(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, list[Row]]]:
    """The items of these orders in line order, for all parents at once."""
    return rows.items_of_orders(ctx.reader, ids, columns)


async def create_order(ctx: WriteContext, new: NewOrder) -> Row:
    """A new order with its items, in status PENDING. Raises Problems."""
    for attempt in range(3):
        try:
            async with ctx.write() as writer:
                order, items = await assemble(writer, new, ctx.clock())
                row = await rows.insert_order(writer, order, items)
                record(writer, "order.created", "createOrder", None, row)
            return row
        except Duplicate:
            # Two orders drew the same number in the same millisecond: draw again.
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


async def update_order(ctx: WriteContext, patch: OrderPatch) -> Row:
    """Change notes, customer or whom it is assigned to. Raises NotFound, Conflict, Invalid. A patch that changes
    nothing writes nothing. Whoever hands an order on may not reach it any more, and is answered the order all the same.
    """
    await check_assignee(ctx, patch.changes)
    async with ctx.write() as writer:
        before = held(await rows.lock_order(writer, patch.id), "order", patch.expected_version)
        changes = patch.beside(before)
        await _check_changes(writer, changes)
        if not changes:
            return before
        after = await rows.update_order(writer, before, changes, ctx.clock())
        record(writer, "order.updated", "updateOrder", before, after)
    return after


async def change_order_status(ctx: WriteContext, order_id: str, status: str, expected_version: int | None) -> Row:
    """Move an order along an allowed transition. Raises NotFound, Conflict, BadTransition. The status it already
    has writes nothing.
    """
    async with ctx.write() as writer:
        before = held(await rows.lock_order(writer, order_id), "order", expected_version)
        if before["status"] == status:
            return before
        if status not in TRANSITIONS[before["status"]]:
            raise BadTransition(f"An order cannot go from {before['status']} to {status}.", "status")
        after = await rows.update_order(writer, before, {"status": status}, ctx.clock())
        record(writer, "order.status_changed", "changeOrderStatus", before, after)
    return after


async def _check_changes(writer: TenantWriter, changes: dict[str, Any]) -> None:  # Any: columns
    problems: list[Problem] = []
    if len(changes.get("notes") or "") > MAX_NOTES:
        problems.append(Invalid(f"Notes hold at most {MAX_NOTES} characters.", "notes", code="TOO_LONG"))
    customer_id = changes.get("customer_id")
    if customer_id is not None and not await customers_by_id(writer, [customer_id], ("id",)):
        problems.append(NotFound("There is no such customer.", "customerId"))
    refuse(problems)
