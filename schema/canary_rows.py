"""The canary's rows: how each noun is written, so that a tenant has one of it whose text holds a mark."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Rows = Mapping[str, str]
"""Public ids by noun."""
Given = dict[str, Any]
"""An input, as JSON."""


@dataclass(frozen=True, slots=True)
class Plant:
    """How a noun is made and changed: by mutations, as clients do. ``text`` is the field of ``update`` that takes any
    text; None where a row is never changed.
    """

    noun: str
    listed: str
    """The root field that lists it."""
    create: str
    given: Callable[[str, Rows], Given]
    """The input, of the mark and of the rows that are there already."""
    update: str | None = None
    text: str | None = None
    key: str = "id"
    """The field that names a row."""


def _customer(mark: str, rows: Rows) -> Given:
    return {"name": mark, "email": f"{mark}@example.invalid", "city": mark, "country": "XX"}


def _product(mark: str, rows: Rows) -> Given:
    return {"sku": mark, "name": mark, "price": "1.00", "currency": "EUR"}


def _order(mark: str, rows: Rows) -> Given:
    items = [{"productId": rows["product"], "quantity": 1}]
    return {"customerId": rows["customer"], "currency": "EUR", "notes": mark, "items": items}


def _announcement(mark: str, rows: Rows) -> Given:
    return {"kind": "NOTICE", "text": mark}


def _api_key(mark: str, rows: Rows) -> Given:
    return {"label": mark, "permissions": ["products:read"], "days": 1}


def _invitation(mark: str, rows: Rows) -> Given:
    return {"email": f"guest@{mark}.invalid", "roles": ["viewer"]}


PLANTS = (
    Plant("customer", "customers", "createCustomer", _customer, "updateCustomer", "name"),
    Plant("product", "products", "createProduct", _product, "updateProduct", "name"),
    Plant("order", "orders", "createOrder", _order, "updateOrder", "notes"),
    Plant("announcement", "announcements", "announce", _announcement),
    Plant("apiKey", "apiKeys", "createApiKey", _api_key, key="name"),
    Plant("invitation", "invitations", "inviteMember", _invitation),
)
"""One a noun; what a row points to comes before it. Secrets that making one tells are kept nowhere."""
