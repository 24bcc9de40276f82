"""Permissions, roles and stars."""

from dataclasses import replace

import pytest

from auth.permissions import ELEVATABLE, PERMISSIONS, SYSTEM_ROLES, PermissionSet
from auth.spaces import Space


def test_a_grant_allows_itself_and_nothing_beside_it() -> None:
    grants = PermissionSet.of(["orders:read"])
    assert grants.allows("orders:read")
    assert not grants.allows("orders:write")
    assert not grants.allows("orders:reading")
    assert not grants.allows("orders")


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("admin:members", True), ("admin:", True), ("admin", False), ("administer:all", False), ("orders:read", False)],
)
def test_a_star_covers_what_begins_with_the_text_before_it(permission: str, allowed: bool) -> None:
    assert PermissionSet.of(["admin:*"]).allows(permission) is allowed


def test_no_grants_allow_nothing() -> None:
    assert not any(PermissionSet.of([]).allows(permission) for permission in PERMISSIONS)


def test_a_star_that_is_asked_for_is_not_a_grant() -> None:
    assert not PermissionSet.of(["orders:read"]).allows("orders:*")


def test_equal_grants_are_equal_sets() -> None:
    assert PermissionSet.of(["b:x", "a:x"]) == PermissionSet.of(["a:x", "b:x", "a:x"])


def test_the_system_roles_grant_what_the_contract_says() -> None:
    assert {name: " ".join(grants) for name, grants in SYSTEM_ROLES.items()} == {
        "admin": "orders:* customers:* products:* admin:* export:run streams:read",
        "manager": "orders:read orders:write customers:read customers:pii products:read",
        "viewer": "orders:read customers:read products:read",
        "partner": "orders:read products:read",
        "support": "orders:read customers:read customers:masked products:read streams:read",
    }


def test_the_system_roles_may_be_elevated_to_registered_permissions_only() -> None:
    assert {name: " ".join(grants) for name, grants in ELEVATABLE.items()} == {
        "admin": "users:impersonate",
        "support": "customers:pii users:impersonate",
    }
    assert ELEVATABLE.keys() <= SYSTEM_ROLES.keys()
    assert all(grant in PERMISSIONS for grants in ELEVATABLE.values() for grant in grants)


def test_every_system_role_grants_registered_permissions_only() -> None:
    for grants in SYSTEM_ROLES.values():
        for grant in grants:
            assert any(PermissionSet.of([grant]).allows(permission) for permission in PERMISSIONS), grant


def test_every_permission_has_one_sentence() -> None:
    assert all(sentence.endswith(".") and sentence.count(".") == 1 for sentence in PERMISSIONS.values())


def test_what_is_withheld_is_neither_allowed_nor_covered_nor_elsewhere() -> None:
    held = PermissionSet.of(["admin:*", "orders:*"])
    bound = replace(held, withheld=frozenset({"admin:roles", "orders:*"}))
    assert bound.allows("admin:members")
    assert bound.covers("admin:members")
    for grant in ("admin:roles", "admin:*", "orders:read", "orders:*", "*"):
        assert not bound.covers(grant)
    assert not bound.allows("admin:roles")
    assert not bound.allows("orders:read")
    assert bound.withholds("orders:read")
    assert not bound.withholds("customers:read")
    assert bound.standing == {"admin:*"}
    assert replace(bound, space=Space.CLIENT).elsewhere("orders:write") == ()
    assert replace(held, space=Space.CLIENT).elsewhere("orders:write") == (Space.PROVIDER,)
