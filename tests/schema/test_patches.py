"""Patches: the changed and permitted fields, in the keys and shapes of the type."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from auth.permissions import PermissionSet
from schema.customers import Customer
from schema.fields import column
from schema.masks import Mask, Masker, MaskKeys, bucketed, last4
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
KEY = MaskKeys(b"a key for tests, 32 bytes long..").of("tenant")
CUSTOMER: Json = {
    "id": "1" * 32,
    "name": "Zoë",
    "email": "zoe@example",
    "city": "Köln",
    "country": "DE",
    "version": 1,
    "created_at": NOW,
    "updated_at": NOW,
}


@dataclass(frozen=True)
class Eyes:
    """What a caller with these grants sees."""

    grants: tuple[str, ...]

    def allows(self, permission: str | None) -> bool:
        return permission is None or PermissionSet.of(self.grants).allows(permission)

    def masker(self, mask: Mask) -> Masker:
        return mask.masker(KEY)


EVERYTHING, ORDERS_ONLY = Eyes(("*",)), Eyes(("orders:read",))
MASKED = Eyes(("customers:read", "customers:masked"))


def patch(changes: Json, eyes: Eyes = EVERYTHING) -> Json:
    after = {**ORDER, "version": 2, "updated_at": LATER, **changes}
    return patch_of(patch_fields(Order), ORDER, after, eyes)


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


def test_a_patch_carries_the_mask_for_those_who_see_only_that() -> None:
    after = {**CUSTOMER, "email": "z@example", "version": 2, "updated_at": LATER}
    told = patch_of(patch_fields(Customer), CUSTOMER, after, MASKED)
    assert told == {"email": told["email"], **RIDERS}
    assert told["email"].startswith("hash:")
    assert patch_of(patch_fields(Customer), None, after, MASKED)["email"] == told["email"]
    assert patch_of(patch_fields(Customer), CUSTOMER, after, Eyes(("customers:read",))) == {}


@strawberry.type
class Account:
    """What a mask may not change of."""

    name: str = column("name")
    card: str | None = column("card", gate="cards:see", mask=last4("cards:glimpse"))
    limit: int | None = column("limit", gate="cards:see", mask=bucketed("cards:glimpse", 0, 100))


GLIMPSE = Eyes(("cards:glimpse",))
CARDS, LIMITS = (
    st.sampled_from([None, "4111111111111111", "5222222222221111", "4111111111119999"]),
    st.integers(-9, 200),
)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"card": "5222222222221111"}, {}),
        ({"card": "4111111111119999"}, {"card": "****9999"}),
        ({"card": None}, {"card": None}),
        ({"limit": 99}, {}),
        ({"limit": 100}, {"limit": 100}),
        ({"card": "5222222222221111", "limit": 99, "name": "B"}, {"name": "B"}),
    ],
)
def test_a_change_that_does_not_show_in_the_mask_is_not_told(changes: Json, told: Json) -> None:
    before = {"name": "A", "card": "4111111111111111", "limit": 5}
    assert patch_of(patch_fields(Account), before, {**before, **changes}, GLIMPSE) == told


@given(CARDS, CARDS, LIMITS, LIMITS, st.lists(st.sampled_from(["cards:see", "cards:glimpse"]), unique=True))
def test_a_patch_tells_what_the_caller_would_see_change_and_nothing_behind_it(
    card: str | None, then: str | None, limit: int, later: int, grants: list[str]
) -> None:
    fields, eyes = patch_fields(Account), Eyes(tuple(grants))
    before, after = {"name": "A", "card": card, "limit": limit}, {"name": "A", "card": then, "limit": later}
    was, now = (patch_of(fields, None, each, eyes) for each in (before, after))
    assert patch_of(fields, before, after, eyes) == {key: now[key] for key in now if was[key] != now[key]}
    if "cards:see" not in grants:
        assert then is None or then not in str(now)
        assert now.keys() == ({"name", "card", "limit"} if grants else {"name"})
