"""Patches: the changed and permitted fields, in the keys and shapes of the type."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schema.customers import Customer
from schema.orders import Order
from schema.patches import patch_fields, patch_of
from tests.support.facts import Json

NOW, LATER = datetime(2026, 11, 21, 8, tzinfo=UTC), datetime(2026, 11, 21, 9, 0, 0, 5, tzinfo=UTC)
ORDER: Json = {
    "id": "0" * 32,
    "number": "261121-ABCDEFG",
    "status": "PENDING",
    "customer_id": "1" * 32,
    "currency": "EUR",
    "total": 1250,
    "notes": None,
    "due_at": None,
    "created_by": "2" * 32,
    "assigned_to": None,
    "version": 1,
    "created_at": NOW,
    "updated_at": NOW,
}
EVERYTHING: Callable[[str | None], bool] = lambda permission: True  # noqa: E731
ORDERS_ONLY: Callable[[str | None], bool] = lambda permission: permission in (None, "orders:read")  # noqa: E731


def patch(changes: Json, allows: Callable[[str | None], bool] = EVERYTHING) -> Json:
    after = {**ORDER, "version": 2, "updated_at": LATER, **changes}
    return patch_of(patch_fields(Order), ORDER, after, allows)


RIDERS = {"version": 2, "updatedAt": "2026-11-21T09:00:00.000005Z"}


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"status": "CONFIRMED"}, {"status": "CONFIRMED"}),
        ({"notes": "new"}, {"notes": "new"}),
        ({"total": 5}, {"total": {"amount": "0.05", "currency": "EUR"}}),
        ({"currency": "JPY"}, {"total": {"amount": "12", "currency": "JPY"}}),
        ({"customer_id": "3" * 32}, {"customer": {"id": "cus_" + "3" * 32}}),
        ({"due_at": LATER}, {"dueAt": "2026-11-21T09:00:00.000005Z"}),
    ],
)
def test_a_patch_has_the_keys_and_shapes_of_the_type(changes: Json, keys: Json) -> None:
    assert patch(changes) == {**keys, **RIDERS}


def test_a_creation_changes_every_field() -> None:
    assert patch_of(patch_fields(Order), None, ORDER, EVERYTHING) == {
        "id": "ord_" + "0" * 32,
        "number": "261121-ABCDEFG",
        "status": "PENDING",
        "total": {"amount": "12.50", "currency": "EUR"},
        "notes": None,
        "dueAt": None,
        "customer": {"id": "cus_" + "1" * 32},
        "version": 1,
        "createdAt": "2026-11-21T08:00:00Z",
        "updatedAt": "2026-11-21T08:00:00Z",
    }


def test_a_field_behind_a_gate_is_left_out_for_those_without() -> None:
    assert patch({"status": "CONFIRMED", "customer_id": "3" * 32}, ORDERS_ONLY) == {"status": "CONFIRMED", **RIDERS}


@pytest.mark.parametrize("changes", [{"customer_id": "3" * 32}, {"assigned_to": "4" * 32}, {}])
def test_a_change_of_hidden_fields_alone_is_no_patch(changes: Json) -> None:
    assert patch(changes, ORDERS_ONLY) == {}


def test_every_column_field_of_a_type_can_be_in_its_patch() -> None:
    assert {field.key for field in patch_fields(Customer)} == {
        "id",
        "name",
        "email",
        "city",
        "country",
        "version",
        "createdAt",
        "updatedAt",
    }
    email = next(field for field in patch_fields(Customer) if field.key == "email")
    assert email.gates == ("customers:pii",)
