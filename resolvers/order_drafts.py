"""How a new order is put together: what the caller asked for, checked against the catalogue, priced and numbered."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.customers import customers_by_id
from db.ids import new_id
from db.money import CURRENCIES, LARGEST
from db.products import products_by_id
from db.tenancy import Row, TenantWriter
from resolvers.errors import Invalid, NotFound, Problem, Problems

MAX_ITEMS = 49
MAX_QUANTITY = 1_000_000
MAX_NOTES = 4_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class NewItem:
    """So many of one product."""

    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What a caller asks for. ``currency`` must be the one its products are priced in."""

    customer_id: str
    currency: str
    notes: str | None
    items: Sequence[NewItem]


async def assemble(
    writer: TenantWriter, new: NewOrder, now: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # Any: columns
    """The order's columns and its items' columns. Raises Problems naming every fault at once."""
    problems = _faults_of(new)
    products = await products_by_id(
        writer, [item.product_id for item in new.items[:MAX_ITEMS]], ("id", "sku", "price", "currency")
    )
    if not await customers_by_id(writer, [new.customer_id], ("id",)):
        problems.append(NotFound("There is no such customer.", "customerId"))
    for index, item in enumerate(new.items[:MAX_ITEMS]):
        problems.extend(_item_faults(item, products.get(item.product_id), new.currency, index))
    if problems:
        raise Problems(problems)
    items = [_item(line, item, products[item.product_id]) for line, item in enumerate(new.items, 1)]
    total = sum(item["total"] for item in items)
    if total > LARGEST:
        raise Problems([Invalid("The order's total is too large.", "items", code="OUT_OF_RANGE")])
    return _order(new, total, writer.actor.holder_id, now), items


def _faults_of(new: NewOrder) -> list[Problem]:
    problems: list[Problem] = []
    if new.currency not in CURRENCIES:
        problems.append(
            Invalid(f"The currency must be one of {', '.join(CURRENCIES)}.", "currency", code="UNKNOWN_CURRENCY")
        )
    if not new.items:
        problems.append(Invalid("An order needs at least one item.", "items", code="REQUIRED"))
    if len(new.items) > MAX_ITEMS:
        problems.append(Invalid(f"An order holds at most {MAX_ITEMS} items.", "items", code="TOO_MANY"))
    if len(new.notes or "") > MAX_NOTES:
        problems.append(Invalid(f"Notes hold at most {MAX_NOTES} characters.", "notes", code="TOO_LONG"))
    return problems


def _item_faults(item: NewItem, product: Row | None, currency: str, index: int) -> list[Problem]:
    problems: list[Problem] = []
    if not 1 <= item.quantity <= MAX_QUANTITY:
        problems.append(
            Invalid(f"A quantity is from 1 to {MAX_QUANTITY}.", "items", str(index), "quantity", code="OUT_OF_RANGE")
        )
    if product is None:
        problems.append(NotFound("There is no such product.", "items", str(index), "productId"))
    elif product["currency"] != currency and currency in CURRENCIES:
        message = f"The product is priced in {product['currency']}."
        problems.append(Invalid(message, "items", str(index), "productId", code="CURRENCY_MISMATCH"))
    return problems


def _item(line: int, item: NewItem, product: Row) -> dict[str, Any]:  # Any: columns
    return {
        "line": line,
        "product_id": item.product_id,
        "sku": product["sku"],
        "quantity": item.quantity,
        "unit_price": product["price"],
        "total": product["price"] * item.quantity,
    }


def _order(new: NewOrder, total: int, user_id: str | None, now: datetime) -> dict[str, Any]:  # Any: columns
    return {
        "id": new_id(),
        "number": draw_number(now),
        "status": "PENDING",
        "customer_id": new.customer_id,
        "currency": new.currency,
        "total": total,
        "notes": new.notes,
        "due_at": None,
        "created_by": user_id,
        "assigned_to": None,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def draw_number(now: datetime) -> str:
    """An order number such as ``251121-7K3M9QX``: the day, then the millisecond of the day and eight random bits in
    Crockford's base 32.

    It needs no counter, so creators never wait for each other; two orders collide only within a millisecond, and then
    draw again.
    """
    millisecond = ((now.hour * 60 + now.minute) * 60 + now.second) * 1000 + now.microsecond // 1000
    value = millisecond << 8 | secrets.randbits(8)
    return f"{now:%y%m%d}-" + "".join(_ALPHABET[value >> shift & 31] for shift in range(30, -1, -5))
