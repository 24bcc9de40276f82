"""What can be asked of products, and the rules by which they change."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import db.products as rows
from db.errors import Duplicate
from db.ids import new_id
from db.money import CURRENCIES, LARGEST
from db.pages import Page, PageRequest
from db.tenancy import Row, TenantWriter
from resolvers.changes import Patch, held, record, refuse, text_faults
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Invalid, Problem
from resolvers.events import Watch, watch

LONGEST = {"sku": 64, "name": 200}


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What a caller asks for; ``price`` in hundredths, perhaps finer than the currency goes."""

    sku: str
    name: str
    price: Decimal
    currency: str


class ProductPatch(Patch):
    """What ``update_product`` may change: ``sku``, ``name``, ``price``, ``currency``."""

    __slots__ = ()


watch_products: Watch = partial(watch, rows.LISTING)


def list_products(ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Awaitable[Page]:
    return rows.page_of_products(ctx.reader, request, columns)


def count_products(ctx: ReadContext, request: PageRequest) -> Awaitable[tuple[int, bool]]:
    return rows.count_of_products(ctx.reader, request)


def has_products(ctx: ReadContext, page: Page, *, ahead: bool) -> Awaitable[bool]:
    """Whether the list goes on after the page (``ahead``) or before it."""
    return rows.has_products(ctx.reader, page, ahead=ahead)


def products_by_id(
    ctx: ReadContext, ids: Sequence[str], columns: Sequence[str] | None = None
) -> Awaitable[dict[str, Row]]:
    """The products with these ids, for all parents at once."""
    return rows.products_by_id(ctx.reader, ids, columns)


async def create_product(ctx: WriteContext, new: NewProduct) -> Row:
    """A new product. Raises Problems."""
    given = asdict(new)
    try:
        async with ctx.write() as writer:
            refuse(await _faults(writer, given, given))
            now = ctx.clock()
            made = {"id": new_id(), "version": 1, "price": int(new.price), "created_at": now, "updated_at": now}
            row = await rows.insert_product(writer, {**given, **made})
            record(writer, "product.created", "createProduct", None, row)
    except Duplicate:
        raise _taken() from None
    return row


async def update_product(ctx: WriteContext, patch: ProductPatch) -> Row:
    """Change what a product is called and what it costs from now on: orders keep the prices that they were made with.
    Raises NotFound, Conflict, Problems. A patch that changes nothing writes nothing and answers the product.
    """
    try:
        async with ctx.write() as writer:
            before = held(await rows.lock_product(writer, patch.id), "product", patch.expected_version)
            changes = patch.beside(before)
            refuse(await _faults(writer, changes, {**before, **changes}))
            if not changes:
                return before
            if "price" in changes:
                changes["price"] = int(changes["price"])
            after = await rows.update_product(writer, before, changes, ctx.clock())
            record(writer, "product.updated", "updateProduct", before, after)
    except Duplicate:
        raise _taken() from None
    return after


def _taken() -> Problem:
    return Invalid("There is a product with this sku.", "sku", code="TAKEN")


async def _faults(
    writer: TenantWriter,
    given: Mapping[str, Any],  # Any: columns
    whole: Mapping[str, Any],  # Any: columns
) -> list[Problem]:
    """``given`` are the columns to be judged, ``whole`` the product as it would be."""
    problems = list(text_faults(given, LONGEST))
    told = {problem.field[0] for problem in problems}
    if "sku" in given.keys() - told and await rows.product_with_sku(writer, given["sku"]) is not None:
        problems.append(_taken())
    if "price" in given or "currency" in given:
        problems.extend(_price_faults(whole["price"], whole["currency"]))
    return problems


def _price_faults(price: Decimal | int | None, currency: str | None) -> list[Problem]:
    if currency not in CURRENCIES:
        message = f"The currency must be one of {', '.join(CURRENCIES)}."
        return [Invalid(message, "currency", code="UNKNOWN_CURRENCY")]
    if price is None:
        return [Invalid("The price is missing.", "price", code="REQUIRED")]
    if not 0 <= price <= LARGEST:
        return [Invalid("The price is out of range.", "price", code="OUT_OF_RANGE")]
    decimals = CURRENCIES[currency]
    if price % 10 ** (2 - decimals):
        return [Invalid(f"A price in {currency} has at most {decimals} decimals.", "price")]
    return []
