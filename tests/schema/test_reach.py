"""What a caller can get to: a coordinate counts with all the ways to it."""

from collections.abc import Iterable

import pytest
from graphql import GraphQLObjectType, GraphQLSchema

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.spaces import Space
from schema.gates import Gatekeeper
from schema.needs import Access
from schema.reach import Reach
from schema.root import schema
from tests.support.vault import GLIMPSE, SEE, Vault

CORE: GraphQLSchema = schema()._schema
REACH = Reach(CORE, Gatekeeper(CORE).all_needs)
YES, MASK, NO = Access.ALLOWED, Access.MASKED, Access.REFUSED


def stands(coordinate: str, grants: Iterable[str], space: Space = Space.PROVIDER) -> Access | None:
    return REACH.of(coordinate, PermissionSet.of(grants, space))


CASES: dict[str, tuple[str, tuple[str, ...], Access]] = {
    "a field without a gate of a gated noun": ("Order.total", ("orders:read",), YES),
    "the same without the noun's permission": ("Order.total", ("customers:read",), NO),
    "a part that is reached through its whole alone": ("OrderItem.sku", ("products:read",), NO),
    "the same with the whole": ("OrderItem.sku", ("orders:read",), YES),
    "a field below a field that is denied": ("Customer.email", ("customers:pii",), NO),
    "the same where the noun can be read": ("Customer.email", ("customers:read", "customers:pii"), YES),
    "a mask": ("Customer.email", ("customers:read", "customers:masked"), MASK),
    "a mask of what cannot be reached": ("Customer.email", ("customers:masked",), NO),
    "a star": ("Customer.email", ("*",), YES),
    "a root field": ("Mutation.createOrder", ("orders:write",), YES),
    "a root field that is denied": ("Mutation.createOrder", ("orders:read",), NO),
    "a subscription": ("Subscription.orderEvents", ("orders:read",), YES),
    "an input of a mutation that is denied": ("CreateOrderInput.notes", ("orders:read",), NO),
    "an input of one that is not": ("CreateOrderInput.notes", ("orders:write",), YES),
    "a gated input of one that is not": ("CreateOrderInput.customerId", ("orders:write",), NO),
    "a filter": ("OrderWhere.customerId", ("orders:read", "customers:read"), YES),
    "a filter by what is masked": ("CustomerWhere.email", ("customers:read", "customers:masked"), NO),
    "a sort": ("CustomerSortField.EMAIL", ("customers:read", "customers:pii"), YES),
    "a value of an enum that a field answers": ("OrderStatus.SHIPPED", ("orders:read",), YES),
    "a value of an enum out of reach": ("OrderStatus.SHIPPED", ("customers:read",), NO),
    "a noun": ("Order", ("orders:read",), YES),
    "a noun without its permission": ("Order", (), NO),
    "a type that is reached through a gate alone": ("OrderConnection", (), NO),
    "what everybody may": ("Viewer.user", (), YES),
    "an interface": ("Node.id", (), YES),
    "a payload's own": ("SwitchTenantPayload.membership", (), YES),
}


@pytest.mark.parametrize("case", CASES)
def test_a_coordinate_is_in_reach_with_a_way_to_it(case: str) -> None:
    coordinate, grants, access = CASES[case]
    found = stands(coordinate, grants)
    assert found is access or (access is NO and found is Access.NULL)


@pytest.mark.parametrize(
    "coordinate",
    [
        "",
        ".",
        "Order.",
        ".total",
        "Order.nothing",
        "Nothing",
        "order.total",
        "Order.total.x",
        "__Type.name",
        "__Schema",
    ],
)
def test_what_the_schema_does_not_have_is_not_answered(coordinate: str) -> None:
    assert stands(coordinate, ("*",)) is None


def test_another_space_puts_what_is_not_for_it_out_of_reach() -> None:
    grants = SYSTEM_ROLES["admin"]
    assert stands("Order.total", grants, Space.CLIENT) is Access.ALLOWED
    assert stands("Customer.name", grants, Space.CLIENT) is not Access.ALLOWED
    assert stands("Mutation.createOrder", grants, Space.ACCOUNTING) is Access.REFUSED


def test_who_may_everything_reaches_every_coordinate_but_those_of_directives() -> None:
    everything = PermissionSet.of(("*",))
    out = [name for name in REACH._needs if not name.startswith("__") and REACH.of(name, everything) is not YES]
    assert {name.partition(".")[0] for name in out} == {"CacheScope", "DeliveryPolicy", "Mask"}


def test_below_a_type_are_the_fields_in_reach_with_their_masks() -> None:
    support = REACH.below("Customer", PermissionSet.of(SYSTEM_ROLES["support"]))
    kind = CORE.type_map["Customer"]
    assert isinstance(kind, GraphQLObjectType)
    assert support is not None
    assert support.keys() == kind.fields.keys()
    assert {name for name, access in support.items() if access is MASK} == {"email"}
    viewer = REACH.below("Customer", PermissionSet.of(SYSTEM_ROLES["viewer"])) or {}
    assert kind.fields.keys() - viewer.keys() == {"email"}
    assert REACH.below("Customer", PermissionSet.of(())) == {}
    assert REACH.below("CustomerSortField", PermissionSet.of(SYSTEM_ROLES["viewer"])) is not None


@pytest.mark.parametrize("name", ["", "Nothing", "String", "__Type", "Order.total"])
def test_below_what_has_no_fields_is_nothing_to_answer(name: str) -> None:
    assert REACH.below(name, PermissionSet.of(("*",))) is None


def test_a_field_behind_an_interface_is_in_reach_by_what_it_may_be() -> None:
    core = Vault().schema()._schema
    reach = Reach(core, Gatekeeper(core).all_needs)
    found = [reach.of("Safe.owner", PermissionSet.of(grants)) for grants in ((), (GLIMPSE,), (SEE,))]
    assert found == [Access.REFUSED, Access.MASKED, Access.ALLOWED]
