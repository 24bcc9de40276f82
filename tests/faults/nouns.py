"""What subscribers watch, and by which documents: the live nouns, and pages of orders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Image = Mapping[str, Any]
"""An order's columns. Any: of each column's type."""


@dataclass(frozen=True, slots=True)
class Noun:
    """``entity`` is its name in the log, ``prefix`` that of its public ids. ``roles`` may watch it. Events of a
    ``numbered`` one carry their cursor as a field; others have it in ``extensions`` alone.
    """

    entity: str
    prefix: str
    field: str
    documents: tuple[str, ...]
    roles: tuple[str, ...] = ("admin", "manager", "viewer", "partner")
    numbered: bool = True


def _documents(field_name: str, *selections: str) -> tuple[str, ...]:
    return tuple(
        f"subscription ($after: String) {{ {field_name}(after: $after) {{ {selected} }} }}" for selected in selections
    )


NOUNS = (
    Noun(
        "order",
        "ord",
        "orderEvents",
        _documents(
            "orderEvents",
            "type id cursor",
            "type id cursor patch ts",
            "type id cursor order { notes version status }",
        ),
    ),
    Noun(
        "customer",
        "cus",
        "customerEvents",
        _documents("customerEvents", "type id cursor", "type id cursor patch customer { name city }"),
        ("admin", "manager", "viewer"),
    ),
    Noun(
        "product",
        "prd",
        "productEvents",
        _documents("productEvents", "type id cursor patch", "type id cursor product { sku price { amount } }"),
    ),
    Noun("announcement", "ann", "announcements", _documents("announcements", "id kind text"), numbered=False),
)


@dataclass(frozen=True, slots=True, eq=False)
class PageKind:
    """The first orders of a list: as a client asks for them, and as a judge tells which they are."""

    first: int
    sort: str
    """A column; the client sorts by the field of that name."""
    descending: bool = False
    where: Mapping[str, Any] = field(default_factory=dict)  # Any: an OrderWhere
    holds: Callable[[Image], bool] = lambda order: True

    @property
    def variables(self) -> Mapping[str, Any]:  # Any: JSON
        direction = "DESC" if self.descending else "ASC"
        return {
            "first": self.first,
            "where": self.where,
            "orderBy": [{"field": self.sort.upper(), "direction": direction}],
        }


PAGE_FIELDS = ("number", "status", "notes")
"""Of an order, beside its id. Versions and times of change ride along, so they may be behind."""
PAGE_DOCUMENT = (
    "subscription ($first: Int, $where: OrderWhere, $orderBy: [OrderSort!]) {"
    " ordersLive(first: $first, where: $where, orderBy: $orderBy) { cursor"
    " snapshot { nodes { id number status notes } }"
    " changes { op id index patch node { id number status notes } } } }"
)
PAGE_KINDS = (
    PageKind(20, "updated_at", descending=True),
    PageKind(15, "created_at", True, {"status": {"eq": "PENDING"}}, lambda order: bool(order["status"] == "PENDING")),
    PageKind(
        50,
        "number",
        where={"not": {"status": {"in": ["PENDING", "CANCELLED"]}}},
        holds=lambda order: order["status"] not in {"PENDING", "CANCELLED"},
    ),
    PageKind(30, "status"),
)
"""The last one has many equals, which their ids put in order."""
