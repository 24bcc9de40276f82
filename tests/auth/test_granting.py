"""Nobody gives more than they have."""

from dataclasses import replace

import pytest

from auth.granting import may_give, role_faults
from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from db.scopes import scope_of
from db.tenancy import TenantId

GIVER = Principal(
    *("1" * 32, "a@x.example", "A", TenantId("2" * 32), "x", "X"),
    *((), PermissionSet.of(["orders:*", "admin:members", "products:read"]), "v1", None, None),
)


@pytest.mark.parametrize(
    ("grants", "given"),
    [
        (["orders:read"], True),
        (["orders:*"], True),
        (["orders:read", "admin:members"], True),
        ([], True),
        (["admin:*"], False),
        (["products:*"], False),
        (["*"], False),
        (["orders:read", "customers:pii"], False),
        (["order*"], False),
    ],
)
def test_only_what_the_givers_grants_cover_is_theirs_to_give(grants: list[str], given: bool) -> None:
    assert may_give(GIVER, grants, "ALL") is given


@pytest.mark.parametrize(
    ("own", "reach", "given"),
    [("ALL", "ALL", True), ("ASSIGNED", "ALL", False), ("ASSIGNED", "OWN", True), ("OWN", "ASSIGNED", False)],
)
def test_nobody_gives_a_wider_reach_than_their_own(own: str, reach: str, given: bool) -> None:
    giver = replace(GIVER, scope=scope_of([own], GIVER.user_id))
    assert may_give(giver, ["orders:read"], reach) is given


@pytest.mark.parametrize("name", [*SYSTEM_ROLES, "", "Admin", "1st", "a b", "a" * 64, "admin\u0430", "-x"])
def test_a_name_that_is_none_or_a_system_roles_is_refused(name: str) -> None:
    assert {part for _, _, part in role_faults(name, ["orders:read"], None)} == {"name"}


@pytest.mark.parametrize("grant", ["orders:reed", "", "nothing:*", "orders:read ", "x*"])
def test_a_permission_that_is_none_is_refused(grant: str) -> None:
    assert [part for _, _, part in role_faults("seller", [grant], None)] == ["permissions"]


@pytest.mark.parametrize("grant", ["users:impersonate", "users:*", "*"])
def test_what_nobody_has_for_good_is_in_no_role_by_any_spelling(grant: str) -> None:
    (fault,) = role_faults("seller", ["orders:read", grant], None)
    assert fault[1:] == ("Nobody has that for good: let the role be elevated to it.", "permissions")
    assert role_faults("seller", ["orders:read"], None, [grant]) == []


def test_a_role_that_says_what_there_is_has_no_fault() -> None:
    assert role_faults("seller", ["orders:read", "admin:*"], "Sells in Köln") == []
    assert [code for code, _, _ in role_faults("seller", ["orders:read"] * 101, "a\nb")] == ["TOO_MANY", "INVALID"]
