"""What can be asked of customers, and the rules by which they change."""

import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import db.customers as rows
from db.ids import new_id
from db.pages import Page, PageRequest
from db.tenancy import Row
from resolvers.changes import Patch, held, record, refuse, text_faults
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Invalid, Problem
from resolvers.events import Watch, watch
from resolvers.members import check_assignee

LONGEST = {"name": 200, "email": 254, "city": 100, "country": 2}
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """What a caller asks for."""

    name: str
    email: str
    city: str
    country: str


class CustomerPatch(Patch):
    """What ``update_customer`` may change: ``name``, ``email``, ``city``, ``country``, ``assigned_to``."""

    __slots__ = ()


watch_customers: Watch = partial(watch, rows.LISTING)


def list_customers(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Awaitable[Page]:
    return rows.page_of_customers(ctx.reader, request, columns)


def count_customers(ctx: ReadContext, request: PageRequest) -> Awaitable[tuple[int, bool]]:
    return rows.count_of_customers(ctx.reader, request)


def has_customers(ctx: ReadContext, page: Page, *, ahead: bool) -> Awaitable[bool]:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return rows.has_customers(ctx.reader, page, ahead=ahead)


def customers_by_id(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    """The customers with these ids, for all parents at once."""
    return rows.customers_by_id(ctx.reader, ids, columns)


def customers_pointed_at(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    """The customers that rows of the caller's scope name: whoever sees an order sees whose it is."""
    return rows.customers_pointed_at(ctx.reader, ids, columns)


async def create_customer(ctx: WriteContext, new: NewCustomer) -> Row:
    """A new customer. Raises Problems."""
    given = asdict(new)
    refuse(_faults(given))
    async with ctx.write() as writer:
        now = ctx.clock()
        made = {"id": new_id(), "version": 1, "created_by": writer.actor.holder_id, "assigned_to": None}
        row = await rows.insert_customer(writer, {**given, **made, "created_at": now, "updated_at": now})
        record(writer, "customer.created", "createCustomer", None, row)
    return row


async def update_customer(ctx: WriteContext, patch: CustomerPatch) -> Row:
    """Change what a customer is called, where it is reached, and whom it is assigned to. Raises NotFound, Conflict,
    Problems. A patch that changes nothing writes nothing and answers the customer.
    """
    await check_assignee(ctx, patch.changes)
    async with ctx.write() as writer:
        before = held(await rows.lock_customer(writer, patch.id), "customer", patch.expected_version)
        changes = patch.beside(before)
        refuse(_faults(changes))
        if not changes:
            return before
        after = await rows.update_customer(writer, before, changes, ctx.clock())
        record(writer, "customer.updated", "updateCustomer", before, after)
    return after


def _faults(columns: Mapping[str, Any]) -> list[Problem]:  # Any: columns
    problems = list(text_faults(columns, LONGEST))
    told = {problem.field[0] for problem in problems}
    if "email" in columns.keys() - told and not _EMAIL.fullmatch(columns["email"]):
        problems.append(Invalid("An email is written as name@host.example.", "email"))
    if "country" in columns.keys() - told and not _COUNTRY.fullmatch(columns["country"]):
        problems.append(Invalid("A country is two capital letters (ISO 3166-1 alpha-2).", "country"))
    return problems
