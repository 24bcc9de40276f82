"""What can be asked of orders, and the rules by which they change."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import db.orders as rows
from db.customers import customers_by_id
from db.errors import Duplicate
from db.events import AuditDraft, Event, EventDraft, Position
from db.filters import Condition, judge
from db.pages import Page, PageRequest
from db.tenancy import Row, TenantWriter
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import BadTransition, Conflict, Invalid, NotFound, Problem, Problems
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


@dataclass(frozen=True, slots=True)
class OrderPatch:
    """What ``update_order`` may change; a key that is absent from ``changes`` stays as it is."""

    order_id: str
    expected_version: int | None
    changes: dict[str, str | None]


async def list_orders(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
    return await rows.page_of_orders(ctx.reader, request, columns)


async def count_orders(ctx: ReadContext, request: PageRequest) -> tuple[int, bool]:
    return await rows.count_of_orders(ctx.reader, request)


async def has_orders(ctx: ReadContext, page: Page, *, ahead: bool) -> bool:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return await rows.has_orders(ctx.reader, page, ahead=ahead)


async def orders_by_id(ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None) -> dict[str, Row]:
    """The orders with these ids, for all parents at once."""
    return await rows.orders_by_id(ctx.reader, ids, columns)


async def items_of_orders(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, list[Row]]:
    """The items of these orders in line order, for all parents at once."""
    return await rows.items_of_orders(ctx.reader, ids, columns)


async def create_order(ctx: WriteContext, new: NewOrder) -> Row:
    """A new order with its items, in status PENDING. Raises Problems."""
    for attempt in range(3):
        try:
            async with ctx.write() as writer:
                order, items = await assemble(writer, new, ctx.clock())
                row = await rows.insert_order(writer, order, items)
                _record(writer, "order.created", "createOrder", None, row)
            return row
        except Duplicate:
            # Two orders drew the same number in the same millisecond: draw again.
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


async def update_order(ctx: WriteContext, patch: OrderPatch) -> Row:
    """Change notes or customer. Raises NotFound, Conflict, Invalid. A patch that changes nothing writes nothing
    and answers the order.
    """
    async with ctx.write() as writer:
        before = await _locked(writer, patch.order_id, patch.expected_version)
        changes = {name: value for name, value in patch.changes.items() if before[name] != value}
        await _check_changes(writer, changes)
        if not changes:
            return before
        after = await rows.update_order(writer, before, changes, ctx.clock())
        _record(writer, "order.updated", "updateOrder", before, after)
    return after


async def change_order_status(ctx: WriteContext, order_id: str, status: str, expected_version: int | None) -> Row:
    """Move an order along an allowed transition. Raises NotFound, Conflict, BadTransition. The status it already
    has writes nothing.
    """
    async with ctx.write() as writer:
        before = await _locked(writer, order_id, expected_version)
        if before["status"] == status:
            return before
        if status not in TRANSITIONS[before["status"]]:
            raise BadTransition(f"An order cannot go from {before['status']} to {status}.", "status")
        after = await rows.update_order(writer, before, {"status": status}, ctx.clock())
        _record(writer, "order.status_changed", "changeOrderStatus", before, after)
    return after


async def watch_orders(
    ctx: ReadContext,
    condition: Condition | None,
    types: frozenset[str] | None,
    after: Position | None,
    moved: Callable[[Position], None],
) -> AsyncGenerator[Event, None]:
    """Every change of an order that matches ``condition`` before or after it, in order, from ``after`` (or from now)
    on, for ever.

    ``moved`` is told each position that is done with, whether or not an event came of it. Closing it
    leaves the log at once. Raises CursorExpired.
    """
    start = after if after is not None else await ctx.hub.head(ctx.principal.tenant)
    moved(start)
    async with aclosing(ctx.hub.follow(ctx.principal.tenant, start)) as batches:
        async for batch in batches:
            for logged in batch:
                if logged.entity == "order" and (types is None or logged.type in types):
                    event = rows.typed_event(logged)
                    if condition is None or _concerns(condition, event):
                        yield event
                moved(Position(logged.seq, logged.ts))


def _concerns(condition: Condition, event: Event) -> bool:
    return any(image is not None and judge(condition, image) is True for image in (event.before, event.after))


async def _locked(writer: TenantWriter, order_id: str, expected_version: int | None) -> Row:
    row = await rows.lock_order(writer, order_id)
    if row is None:
        raise NotFound("There is no such order.", "id")
    if expected_version is not None and row["version"] != expected_version:
        raise Conflict(
            f"The order is at version {row['version']}, not {expected_version}.", "expectedVersion", current=row
        )
    return row


async def _check_changes(writer: TenantWriter, changes: dict[str, str | None]) -> None:
    problems: list[Problem] = []
    if len(changes.get("notes") or "") > MAX_NOTES:
        problems.append(Invalid(f"Notes hold at most {MAX_NOTES} characters.", "notes", code="TOO_LONG"))
    customer_id = changes.get("customer_id")
    if customer_id is not None and not await customers_by_id(writer, [customer_id], ("id",)):
        problems.append(NotFound("There is no such customer.", "customerId"))
    if problems:
        raise Problems(problems)


def _record(writer: TenantWriter, type_: str, action: str, before: Row | None, after: Row) -> None:
    held = None if before is None else dict(before)
    changes = {
        name: [None if held is None else held[name], value]
        for name, value in after.items()
        if held is None or held[name] != value
    }
    writer.record(EventDraft(type_, "order", after["id"], after["version"], held, dict(after)))
    writer.audit(AuditDraft(action, "order", after["id"], changes))
