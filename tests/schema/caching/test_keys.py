"""Whoever may not share an answer has another key: two tenants, two sets of permissions, two people with their own."""

from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.document_policy import DocumentPolicy
from auth.permissions import PERMISSIONS, PermissionSet
from auth.principal import Elevation, Person, Principal
from auth.spaces import Space
from db.scopes import EVERY_ROW, REACHES, RowScope, scope_of
from db.tenancy import TenantId
from schema.caching.declared import CacheScope
from schema.caching.keys import plain, somebody_for
from tests.support.kept import Keeper, keeping
from tests.support.world import World

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
READS = PermissionSet.of(["orders:read"])
ME = Principal("a" * 32, "a@b.example", "A", TenantId("1" * 32), "t", "T", ("viewer",), READS, "v", "s" * 32, NOON)
CHANGES: dict[str, Any] = {
    "user_id": "b" * 32,
    "email": "b@b.example",
    "name": "B",
    "tenant": TenantId("2" * 32),
    "tenant_slug": "u",
    "tenant_name": "U",
    "roles": ("viewer", "partner"),
    "permissions": PermissionSet.of(["orders:read", "orders:write"]),
    "permissions_version": "w",
    "session_id": "t" * 32,
    "expires_at": None,
    "key_name": "Writer",
    "session_key": "k",
    "by_peer": True,
    "scope": RowScope(("created_by",), "a" * 32),
    "spaces": (Space.PROVIDER,),
    "lists": (("orders:*", ("10.0.0.0/8",)),),
    "elevatable": frozenset({"customers:pii"}),
    "elevation": Elevation("e" * 32, frozenset({"customers:pii"}), NOON, READS),
    "signed_in_at": NOON,
    "documents": DocumentPolicy.TRUSTED,
    "acting_for": Person("c" * 32, "c@b.example", "C"),
}
SHARED_BY = {"tenant", "tenant_slug", "tenant_name", "permissions", "scope", "spaces"}
"""What callers must have in common to share an answer."""
GRANTS = st.frozensets(st.sampled_from([*PERMISSIONS, "orders:*", "customers:*"]), max_size=3)
SETS = st.builds(PermissionSet, GRANTS, st.sampled_from(Space), GRANTS, st.booleans())
USERS = st.sampled_from(["a" * 32, "b" * 32])
SCOPES = st.one_of(st.just(EVERY_ROW), st.builds(scope_of, st.lists(st.sampled_from(list(REACHES)), max_size=1), USERS))
CALLERS = st.builds(
    lambda user, tenant, permissions, scope, version: replace(
        ME, user_id=user, tenant=tenant, permissions=permissions, scope=scope, permissions_version=version
    ),
    *(USERS, st.sampled_from([ME.tenant, TenantId("2" * 32)]), SETS, SCOPES, st.sampled_from(["v", "w"])),
)


def digest(caller: Principal, scope: CacheScope) -> bytes:
    who = somebody_for(scope, caller)
    assert who is not None
    return who.digest


def test_every_attribute_of_a_caller_is_tried() -> None:
    assert set(CHANGES) == {each.name for each in fields(Principal)}


@pytest.mark.parametrize("name", CHANGES)
def test_callers_who_differ_in_anything_share_no_private_answer(name: str) -> None:
    other = replace(ME, **{name: CHANGES[name]})
    assert digest(ME, CacheScope.PRIVATE) != digest(other, CacheScope.PRIVATE)


@pytest.mark.parametrize("name", CHANGES)
def test_callers_share_what_is_the_tenants_when_they_may_do_the_same_there(name: str) -> None:
    other = replace(ME, **{name: CHANGES[name]})
    same = digest(ME, CacheScope.TENANT) == digest(other, CacheScope.TENANT)
    assert same is (name not in SHARED_BY)


@given(CALLERS, CALLERS)
@settings(max_examples=300, deadline=None)
def test_two_tenants_or_two_sets_of_permissions_or_two_scopes_never_share_a_key(one: Principal, two: Principal) -> None:
    may = [(who.tenant, who.permissions, who.scope) for who in (one, two)]
    whose = [(who.user_id, who.permissions_version) for who in (one, two)]
    shared = digest(one, CacheScope.TENANT) == digest(two, CacheScope.TENANT)
    assert shared <= (may[0] == may[1])
    if one.scope != EVERY_ROW:
        assert shared <= (whose[0] == whose[1])
    assert (digest(one, CacheScope.PRIVATE) == digest(two, CacheScope.PRIVATE)) is (one == two)
    assert (digest(one, CacheScope.PUBLIC) == digest(two, CacheScope.PUBLIC)) is (one.permissions == two.permissions)


def test_no_scope_has_the_key_of_another() -> None:
    assert len({digest(ME, scope) for scope in CacheScope}) == 3


def test_what_many_are_given_is_made_for_nobody_in_particular() -> None:
    many, anybody = somebody_for(CacheScope.TENANT, ME), somebody_for(CacheScope.PUBLIC, ME)
    assert many is not None
    assert many.principal is not None
    assert (many.principal.user_id, many.principal.email, many.principal.session_id) == ("", "", None)
    assert anybody is not None
    assert anybody.principal is None
    assert somebody_for(CacheScope.TENANT, None) is None
    assert somebody_for(CacheScope.PUBLIC, None) is not None


def test_an_attribute_without_words_is_no_part_of_a_key_in_silence() -> None:
    with pytest.raises(TypeError):
        plain(object())


def test_what_a_process_remembers_of_a_caller_is_no_part_of_the_key() -> None:
    asked, unasked = PermissionSet.of(["orders:read"]), PermissionSet.of(["orders:read"])
    assert asked.allows("orders:read")
    assert not asked.allows("orders:write")
    assert plain(asked) == plain(unasked)
    assert plain(asked) == {
        "grants": {"set": ['"orders:read"']},
        "space": ["Space", "PROVIDER"],
        "withheld": {"set": []},
        "acting": False,
    }


@pytest.fixture
async def keeper(world: World) -> AsyncIterator[Keeper]:
    async with keeping(world) as keeper:
        yield keeper


async def test_every_variable_operation_and_document_has_its_own_answer(keeper: Keeper) -> None:
    document = """query One($n: Int = 2, $where: OrderWhere) @cached(ttl: 60) {
        orders(first: $n, where: $where) { nodes { id } } }
    query Two($n: Int = 2, $where: OrderWhere) @cached(ttl: 60) {
        orders(first: $n, where: $where) { nodes { number } } }"""
    asked: list[tuple[str, str, dict[str, Any]]] = [
        (document, "One", {}),
        (document, "One", {"n": 1}),
        (document, "One", {"n": None}),
        (document, "One", {"where": {}}),
        (document, "One", {"where": {"status": {"eq": "PENDING"}}}),
        (document, "One", {"where": {"status": {"ne": "PENDING"}}}),
        (document, "Two", {}),
        (document + " ", "One", {}),
    ]
    for wanted in ("miss", "hit"):
        for text, name, variables in asked:
            assert await keeper.outcome(text, variables, operation_name=name) == wanted, (name, variables)
    beside = {"where": {}, "nobodyDeclaredThis": 1}
    assert await keeper.outcome(document, beside, operation_name="One") == "hit"
