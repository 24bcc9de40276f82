"""What coordinates take: every root field states a gate, and what a field is gated by holds wherever its value could be
had otherwise: filters, sorts, search words, inputs, patches. The types are walked, so a new field is tested the day it
is declared.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    print_schema,
)

from auth.permissions import PERMISSIONS, PermissionSet
from schema.declarations import Embedded, FromColumns, ListOf, PageOf, ToMany, ToOne, declaration_of
from schema.directives import MaskKind
from schema.filters import COLUMN
from schema.gates import Gatekeeper
from schema.needs import DEFINITION, NOTHING, Access, Needs, read_needs
from schema.patches import patch_fields
from schema.root import schema, sdl
from tests.support.vault import Vault

CORE: GraphQLSchema = schema()._schema
GATES = Gatekeeper(CORE)
NEEDS = GATES.all_needs
OBJECTS = {name: kind for name, kind in CORE.type_map.items() if isinstance(kind, GraphQLObjectType)}
ROOTS = {"Query", "Mutation", "Subscription"}


def definition_of(part: Any) -> Any:  # Any: any part of a schema; Strawberry's definition of it
    return (part.extensions or {}).get(DEFINITION)


def declared(field: Any) -> object:  # Any: a field of an object
    found = definition_of(field)
    return None if found is None else declaration_of(found)


def gated_columns(kind: GraphQLObjectType) -> dict[str, tuple[str, ...]]:
    """The columns of a noun that its fields show behind a gate, with what they take."""
    found = {}
    for name, field in kind.fields.items():
        needs, declaration = NEEDS[f"{kind.name}.{name}"], declared(field)
        match declaration:
            case FromColumns(columns) if needs.permissions:
                found.update(dict.fromkeys(columns, needs.permissions))
            case Embedded(columns) if needs.permissions:
                found.update(dict.fromkeys(columns.values(), needs.permissions))
            case ToOne(_, key) if needs.permissions:
                found[key] = needs.permissions
            case _:
                pass
    return found


def lists() -> Iterator[tuple[GraphQLObjectType, Any, Any]]:  # Any: a field, its declaration
    """Every list of rows: the noun, the field that lists it, and what that declared."""
    for kind in OBJECTS.values():
        for field in kind.fields.values():
            declaration = declared(field)
            if isinstance(declaration, ListOf | PageOf):
                yield get_named_type(get_named_type(field.type).fields["nodes"].type), field, declaration


def test_every_root_field_states_a_gate() -> None:
    stated = {name: NEEDS[name].stated for name in NEEDS if name.partition(".")[0] in ROOTS and "." in name}
    assert [name for name, states in stated.items() if not states] == []
    assert {name.partition(".")[0] for name in stated} == ROOTS


def test_every_gate_names_a_permission_that_exists_and_prints_in_the_sdl() -> None:
    printed = sdl()
    stated = {permission for needs in NEEDS.values() for permission in needs.permissions}
    masks = {needs.mask.permission for needs in NEEDS.values() if needs.mask is not None}
    assert stated | masks <= PERMISSIONS.keys()
    assert masks
    for permission in stated:
        assert f'@requiresPermission(permission: "{permission}")' in printed
    for permission in masks:
        assert f'permission: "{permission}")' in printed


GATED_TYPES = {
    "Order": "orders:read",
    "OrderHistoryEntry": "orders:read",
    "Customer": "customers:read",
    "Product": "products:read",
    "Member": "admin:members",
    "Invitation": "admin:members",
    "Role": "admin:roles",
    "ApiKey": "admin:keys",
    "RegisteredDocument": "admin:documents",
    "AddressList": "admin:addresses",
    "AuditRecord": "admin:audit",
}
PATCHED = ("Order", "Customer", "Product")
"""Nouns whose changes are told as patches."""
CARRIERS = ("Connection", "Edge", "Payload")
"""How the names of types end that hold nothing but rows, behind the gates of the ways to them."""
PARTS = {
    *("OrderItem", "OrderEvent", "CustomerEvent", "ProductEvent", "OrdersLive", "OrderChange", "ConflictError"),
    *("Actor", "AuditDenial", "FieldChange"),
}
"""Types without a gate of their own that are reached through a gated field only."""
MADE = {"Overview", "OverviewDay", "OverviewStatus", "OpenStream", "OpenStreamList"}
"""What the gate of their root field lets see, and no row."""
OPEN = {
    "Announcement",
    "Money",
    "PageInfo",
    "Viewer",
    "User",
    "Tenant",
    "PermissionsSnapshot",
    "FieldAccess",
    "Membership",
    "Session",
    "Elevation",
    "Impersonation",
    "RateLimit",
    "Budget",
    "InputError",
}
"""The caller's own, and what everybody in a tenant may see."""
HARMLESS = {"Customer": {"id", "name", "city", "country", "orders", "version", "createdAt", "updatedAt"}}
"""By noun that has a sensitive field: the fields that tell nothing more of anybody than the noun's own gate allows."""


def test_every_object_type_is_gated_or_known_to_hold_nothing_of_its_own() -> None:
    gated = {name: NEEDS[name].permissions[0] for name in OBJECTS if name in NEEDS}
    assert gated == GATED_TYPES
    objects = {name for name in OBJECTS if not name.startswith("__") and not name.endswith(CARRIERS)}
    assert objects - ROOTS == set(GATED_TYPES) | PARTS | MADE | OPEN


def test_every_field_of_a_sensitive_noun_is_gated_or_known_to_be_harmless() -> None:
    sensitive = {name.partition(".")[0] for name, needs in NEEDS.items() if needs.mask is not None}
    assert sensitive == HARMLESS.keys()
    for noun in sensitive:
        assert noun in GATED_TYPES
        own = {field for field in OBJECTS[noun].fields if definition_of(OBJECTS[noun].fields[field]).directives}
        assert own | HARMLESS[noun] == set(OBJECTS[noun].fields), noun


def test_every_mask_fits_the_value_that_it_is_put_on() -> None:
    fits = {
        MaskKind.LAST4: {"String"},
        MaskKind.HASH: {"String"},
        MaskKind.BUCKET: {"Int", "Float", "DateTime"},
    }
    for core, needs in ((CORE, NEEDS), (Vault().schema()._schema, read_needs(Vault().schema()._schema))):
        for name, each in needs.items():
            if each.mask is not None:
                noun, _, key = name.partition(".")
                kind = core.type_map[noun]
                assert isinstance(kind, GraphQLObjectType)
                field = kind.fields[key]
                assert str(field.type).rstrip("!") in fits[each.mask.mask], name
                assert is_leaf_type(get_named_type(field.type)), name


def test_every_way_to_a_gated_type_is_gated() -> None:
    ways = {
        f"{kind.name}.{name}": str(field.type).strip("[]!")
        for kind in OBJECTS.values()
        for name, field in kind.fields.items()
        if str(field.type).strip("[]!") in GATED_TYPES
    }
    for way, returned in ways.items():
        assert GATED_TYPES[returned] in NEEDS[way].permissions, way
    assert {"Query.order", "Order.customer", "OrderItem.product", "OrderEvent.order"} <= ways.keys()
    assert "UpdateCustomerPayload.customer" in ways


def test_no_filter_shows_what_its_field_does_not() -> None:
    found = set()
    for noun, field, _ in lists():
        where = get_named_type(field.args["where"].type)
        assert isinstance(where, GraphQLInputObjectType)
        gated = gated_columns(noun)
        for name, part in where.fields.items():
            column = definition_of(part).metadata.get(COLUMN)
            if column in gated:
                assert set(gated[column]) <= set(NEEDS[f"{where.name}.{name}"].permissions), f"{where.name}.{name}"
                found.add(f"{where.name}.{name}")
    assert found == {"CustomerWhere.email", "OrderWhere.customerId"}


def test_no_sort_shows_what_its_field_does_not() -> None:
    found = set()
    for noun, field, _ in lists():
        sort = get_named_type(get_named_type(field.args["orderBy"].type).fields["field"].type)
        assert isinstance(sort, GraphQLEnumType)
        gated = gated_columns(noun)
        for name, value in definition_of(sort).wrapped_cls.__members__.items():
            column = getattr(value.value, "value", value.value)
            if column.removesuffix("_key") in gated:
                assert set(gated[column.removesuffix("_key")]) <= set(NEEDS[f"{sort.name}.{name}"].permissions)
                found.add(f"{sort.name}.{name}")
    assert found == {"CustomerSortField.EMAIL"}


def test_no_search_finds_what_its_field_does_not_show() -> None:
    found = set()
    for noun, _, declaration in lists():
        spec, gated = getattr(declaration.spec, "whole", declaration.spec), gated_columns(noun)
        for source, gate in spec.sources.items():
            if source in gated:
                assert gate in gated[source], (noun.name, source)
                found.add((noun.name, source))
    assert found == {("Customer", "email")}


OF_OTHERS = {"InviteMemberInput.email"}
"""Inputs that are called as a gated field is, and are of another noun: a member's address, no customer's."""


def test_no_input_takes_what_its_field_does_not_show() -> None:
    """What can be given can be tried out: an input of a gated field takes its gate."""
    shown: dict[str, tuple[str, ...]] = {}
    for noun in (OBJECTS[name] for name in GATED_TYPES):
        for name, field in noun.fields.items():
            needs = NEEDS[f"{noun.name}.{name}"]
            if needs.permissions and not isinstance(declared(field), PageOf | ToMany):
                shown |= {name: needs.permissions, f"{name}Id": needs.permissions}
    inputs = {get_named_type(arg.type) for field in OBJECTS["Mutation"].fields.values() for arg in field.args.values()}
    found = set()
    for kind in inputs:
        for name in kind.fields if isinstance(kind, GraphQLInputObjectType) else ():
            if name in shown and f"{kind.name}.{name}" not in OF_OTHERS:
                assert set(shown[name]) <= set(NEEDS[f"{kind.name}.{name}"].permissions), f"{kind.name}.{name}"
                found.add(f"{kind.name}.{name}")
    assert found == {
        "CreateCustomerInput.email",
        "UpdateCustomerInput.email",
        "CreateOrderInput.customerId",
        "UpdateOrderInput.customerId",
    }


@pytest.mark.parametrize("noun", PATCHED)
def test_no_patch_tells_what_its_field_does_not_show(noun: str) -> None:
    for field in patch_fields(definition_of(OBJECTS[noun]).origin):
        needs = NEEDS[f"{noun}.{field.key}"]
        assert field.gates == needs.permissions, field.key
        stated = None if field.masked is None or field.masked.mask is None else field.masked.mask.directive
        assert stated == needs.mask, field.key


def test_no_field_of_an_interface_is_gated_there_alone() -> None:
    """A field is judged by the types that it may turn out to be of: a gate that stands on an interface stands there."""
    for kind in CORE.type_map.values():
        for interface in getattr(kind, "interfaces", ()):
            for name in interface.fields:
                above, here = (NEEDS.get(f"{owner.name}.{name}", NOTHING) for owner in (interface, kind))
                assert set(above.permissions) <= set(here.permissions), f"{kind.name}.{name}"


ACCESS: Mapping[str, tuple[str, tuple[str, ...], Access]] = {
    "nothing is asked for": ("Order.number", (), Access.ALLOWED),
    "the permission": ("Customer.email", ("customers:pii",), Access.ALLOWED),
    "a star": ("Customer.email", ("customers:*",), Access.ALLOWED),
    "the mask's permission": ("Customer.email", ("customers:masked",), Access.MASKED),
    "neither": ("Customer.email", ("customers:read",), Access.NULL),
    "non-null": ("Order.customer", ("orders:read",), Access.REFUSED),
    "a type": ("Product", (), Access.NULL),
    "a filter": ("CustomerWhere.email", ("customers:masked",), Access.REFUSED),
    "a sort": ("CustomerSortField.EMAIL", ("customers:masked",), Access.REFUSED),
    "an input": ("CreateCustomerInput.email", ("customers:write",), Access.REFUSED),
}


@pytest.mark.parametrize("case", ACCESS)
def test_a_coordinate_says_how_a_caller_stands_to_it(case: str) -> None:
    coordinate, grants, access = ACCESS[case]
    needs = GATES.needs(coordinate)
    assert needs is not None
    assert needs.access(PermissionSet.of(grants)) is access
    assert needs.access(None) in {access, Access.NULL, Access.REFUSED}


@pytest.mark.parametrize("coordinate", ["", "Order.", "Order.nothing", "Nothing", "Order.number.x", "order.number"])
def test_a_coordinate_that_does_not_exist_takes_nothing_and_is_none(coordinate: str) -> None:
    assert GATES.needs(coordinate) is None


def test_who_is_not_signed_in_lacks_every_permission() -> None:
    assert Needs(("a", "b")).missing(None) == "a"
    assert Needs(("a", "b")).missing(PermissionSet.of(("a",))) == "b"


def test_the_core_schema_is_the_one_that_is_printed() -> None:
    assert print_schema(CORE).count("type Order ") == 1
