"""The static pass: what an operation may not use, wherever it is written, before anything runs."""

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    print_schema,
)
from strawberry import Schema

from auth.permissions import PERMISSIONS, SYSTEM_ROLES, PermissionSet
from schema.gates import Gatekeeper, Verdict, ungated_root_fields
from schema.root import schema, sdl
from tests.support.facts import Json

CORE: GraphQLSchema = schema()._schema


def judge(document: str, role: str | None = "partner", variables: Json | None = None) -> Verdict:
    parsed = parse(document)
    operation = next(d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)}
    permissions = None if role is None else PermissionSet.of(SYSTEM_ROLES[role])
    return Gatekeeper(CORE).judge(operation, fragments, variables or {}, permissions)


REFUSED_FOR_PARTNER = {
    "a field": "{ orders { nodes { customer { id } } } }",
    "an alias": "{ orders { nodes { id: number whom: customer { id } } } }",
    "a fragment": "{ ...q } fragment q on Query { orders { ...c } } "
    "fragment c on OrderConnection { nodes { customer { id } } }",
    "an inline fragment": "{ ... on Query { orders { ... { nodes { ... on Order { customer { id } } } } } } }",
    "an interface's field": "query($id: ID!) { node(id: $id) { ... on Order { customer { id } } } }",
    "an edge": "{ orders { edges { node { customer { id } } } } }",
    "include by default": "query($yes: Boolean = true) { orders { nodes { customer @include(if: $yes) { id } } } }",
    "a skip that does not": "{ orders { nodes { customer @skip(if: false) { id } } } }",
    "a payload": "mutation($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) { order { customer { id } } } }",
    "a conflict": "mutation($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) { "
    "userErrors { ... on ConflictError { current { ... on Order { customer { id } } } } } } }",
    "an event": "subscription { orderEvents { order { customer { id } } } }",
}


@pytest.mark.parametrize("where", REFUSED_FOR_PARTNER)
def test_a_denied_non_null_field_refuses_the_operation_wherever_it_stands(where: str) -> None:
    document = REFUSED_FOR_PARTNER[where]
    assert judge(document).refused["Order.customer"] == "customers:read"
    assert "Order.customer" not in judge(document, "viewer").refused
    assert judge(document, "admin") == Verdict()


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ orders { nodes { id customer @skip(if: true) { id } } } }", {}),
        ("query($no: Boolean!) { orders { nodes { id customer @include(if: $no) { id } } } }", {"no": False}),
        ("query($no: Boolean = false) { orders { nodes { id customer @include(if: $no) { id } } } }", {}),
        (
            "query($no: Boolean = true) { orders { nodes { id ...c @include(if: $no) } } } "
            "fragment c on Order { customer { id } }",
            {"no": False},
        ),
        ("{ orders { nodes { id ... @skip(if: true) { customer { id } } } } }", {}),
    ],
)
def test_what_is_skipped_is_not_judged(document: str, variables: Json) -> None:
    assert judge(document, variables=variables) == Verdict()


def test_a_fragment_that_is_skipped_once_and_spread_once_is_judged() -> None:
    document = (
        "{ orders { nodes { ...c @skip(if: true) } edges { node { ...c } } } } fragment c on Order { customer { id } }"
    )
    assert judge(document).refused == {"Order.customer": "customers:read"}


def test_a_denied_nullable_field_is_null_instead() -> None:
    verdict = judge("{ customers { nodes { email } } }", "viewer")
    assert (verdict.refused, verdict.denied) == ({}, {"Customer.email": "customers:pii"})


def test_what_stands_under_a_denied_field_is_not_judged_twice() -> None:
    verdict = judge(
        "mutation($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) { order { customer { id } } } }"
    )
    assert verdict.denied == {}
    grants = PermissionSet.of(["orders:write"])
    parsed = parse(
        "mutation($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) { order { customer { id } } } }"
    )
    (operation,) = (d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
    verdict = Gatekeeper(CORE).judge(operation, {}, {}, grants)
    assert (verdict.refused, verdict.denied) == ({}, {"ChangeOrderStatusPayload.order": "orders:read"})


WHERE = "query($w: OrderWhere) { orders(where: $w) { totalCount } }"
CREATE = "mutation($i: CreateOrderInput!) { createOrder(input: $i) { userErrors { code } } }"
INPUTS: list[tuple[str, Json, str, str]] = [
    ('{ orders(where: {customerId: {eq: "cus_x"}}) { totalCount } }', {}, "partner", "OrderWhere.customerId"),
    (WHERE, {"w": {"customerId": {"eq": "cus_x"}}}, "partner", "OrderWhere.customerId"),
    (WHERE, {"w": {"or": [{"not": {"and": [{"customerId": {"in": []}}]}}]}}, "partner", "OrderWhere.customerId"),
    (WHERE, {"w": {"or": {"customerId": {}}}}, "partner", "OrderWhere.customerId"),
    ("query($w: [OrderWhere!]) { orders(where: {or: $w}) { totalCount } }", {"w": [{"customerId": {}}]}, "partner",
     "OrderWhere.customerId"),
    ("query($w: OrderWhere = {customerId: {}}) { orders(where: $w) { totalCount } }", {}, "partner",
     "OrderWhere.customerId"),
    ("{ ...q } fragment q on Query { orders(where: {not: {customerId: {}}}) { totalCount } }", {}, "partner",
     "OrderWhere.customerId"),
    ("{ customers(where: {email: {startsWith: \"a\"}}) { totalCount } }", {}, "viewer", "CustomerWhere.email"),
    ("{ customers(orderBy: [{field: NAME}, {field: EMAIL}]) { totalCount } }", {}, "viewer", "CustomerSortField.EMAIL"),
    ("{ customers(orderBy: {field: EMAIL}) { totalCount } }", {}, "viewer", "CustomerSortField.EMAIL"),
    ("query($s: [CustomerSort!]) { customers(orderBy: $s) { totalCount } }", {"s": [{"field": "EMAIL"}]}, "viewer",
     "CustomerSortField.EMAIL"),
    ("query($f: CustomerSortField!) { customers(orderBy: [{field: $f}]) { totalCount } }", {"f": "EMAIL"}, "viewer",
     "CustomerSortField.EMAIL"),
    ("query($f: CustomerSortField! = EMAIL) { customers(orderBy: [{field: $f}]) { totalCount } }", {}, "viewer",
     "CustomerSortField.EMAIL"),
    ("subscription { orderEvents(where: {customerId: {}}) { id } }", {}, "partner", "OrderWhere.customerId"),
    (CREATE, {"i": {"customerId": "cus_x", "currency": "EUR", "items": []}}, "partner", "CreateOrderInput.customerId"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "variables", "role", "coordinate"), INPUTS)
def test_a_gated_filter_or_sort_refuses_the_operation(
    document: str, variables: Json, role: str, coordinate: str
) -> None:
    assert coordinate in judge(document, role, variables).refused
    assert judge(document, "admin", variables) == Verdict()


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { roles } }",
        '{ node(id: "x") { id } }',
        "{ orders { totalCount } }",
        "subscription { orderEvents { id } }",
    ],
)
def test_every_root_field_but_typename_takes_a_signed_in_caller(document: str) -> None:
    assert judge(document, None).needs_sign_in
    assert not judge(document, "viewer").needs_sign_in
    assert not judge("{ __typename }", None).needs_sign_in


@pytest.mark.parametrize(
    "document", ["{ __schema { types { name } } }", '{ ...q } fragment q on Query { __type(name: "Q") { name } }']
)
def test_introspection_is_noticed(document: str) -> None:
    assert judge(document, None).introspects
    assert not judge("{ viewer { __typename } }").introspects


@pytest.mark.timeout(10)
def test_a_fragment_is_visited_once_however_often_it_is_spread() -> None:
    steps = " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(48))
    assert judge("{ ...f0 } " + steps + " fragment f48 on Query { orders { nodes { customer { id } } } }").refused


def test_every_root_field_states_a_gate() -> None:
    assert ungated_root_fields(CORE) == []
    assert {root.name for root in (CORE.query_type, CORE.mutation_type, CORE.subscription_type) if root} == {
        "Query",
        "Mutation",
        "Subscription",
    }


def test_every_gate_names_a_permission_that_exists_and_prints_in_the_sdl() -> None:
    printed = sdl()
    gates = Gatekeeper(CORE)
    stated = {*gates._types.values(), *gates._inputs.values()}
    for kind in CORE.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            stated |= {gate for field in kind.fields.values() for gate in gates.gates_of(kind, field)}
    assert stated <= PERMISSIONS.keys()
    for permission in stated:
        assert f'@requiresPermission(permission: "{permission}")' in printed


GATED_TYPES = {"Order": "orders:read", "Customer": "customers:read", "Product": "products:read"}
OWNED_BY = {"OrderConnection": "Order", "OrderEdge": "Order", "OrderItem": "Order", "CustomerConnection": "Customer"}
"""Types without a gate of their own that are reached through a gated field only."""
PARTS = {
    *OWNED_BY,
    "AnnouncementConnection",
    "AnnouncementEdge",
    "CustomerEdge",
    "ProductConnection",
    "ProductEdge",
    "OrderEvent",
    "CustomerEvent",
    "ProductEvent",
    "OrdersLive",
    "OrderChange",
}
MADE = {"Overview", "OverviewDay", "OverviewStatus", "OpenStream", "OpenStreamList", "TerminateStreamPayload"}
"""What the gate of their root field lets see, and no row."""
OPEN = {
    "Announcement",
    "Money",
    "PageInfo",
    "Viewer",
    "User",
    "Tenant",
    "PermissionsSnapshot",
    "Membership",
    "InputError",
}
CHANGES = ("CreateOrder", "UpdateOrder", "ChangeOrderStatus", "CreateCustomer", "UpdateCustomer", "CreateProduct")
PAYLOADS = {"ConflictError", "UpdateProductPayload", "AnnouncePayload", *(f"{change}Payload" for change in CHANGES)}


def test_every_object_type_is_gated_or_known_to_hold_nothing_of_its_own() -> None:
    gates = Gatekeeper(CORE)
    roots = {"Query", "Mutation", "Subscription"}
    objects = {n for n, k in CORE.type_map.items() if isinstance(k, GraphQLObjectType) and not n.startswith("__")}
    assert gates._types == GATED_TYPES
    assert objects - roots == set(GATED_TYPES) | PARTS | MADE | OPEN | PAYLOADS


def test_every_way_to_a_gated_type_is_gated() -> None:
    gates, ways = Gatekeeper(CORE), set()
    for parent in CORE.type_map.values():
        if isinstance(parent, GraphQLObjectType):
            for name, field in parent.fields.items():
                returned = str(field.type).strip("[]!")
                if returned in GATED_TYPES:
                    ways.add(f"{parent.name}.{name}")
                    assert GATED_TYPES[returned] in set(gates.gates_of(parent, field)), f"{parent.name}.{name}"
    assert {
        "Query.order",
        "Order.customer",
        "OrderItem.product",
        "OrderEvent.order",
        "UpdateCustomerPayload.customer",
    } <= ways


def test_a_gated_fields_filter_and_sort_carry_its_gate() -> None:
    gates = Gatekeeper(CORE)
    assert gates._inputs == {
        "CustomerWhere.email": "customers:pii",
        "CustomerSortField.EMAIL": "customers:pii",
        "OrderWhere.customerId": "customers:read",
        "CreateCustomerInput.email": "customers:pii",
        "UpdateCustomerInput.email": "customers:pii",
        "CreateOrderInput.customerId": "customers:read",
        "UpdateOrderInput.customerId": "customers:read",
    }
    for name, kind in CORE.type_map.items():
        if isinstance(kind, GraphQLInputObjectType | GraphQLEnumType) and "Customer" in name:
            parts = kind.fields if isinstance(kind, GraphQLInputObjectType) else kind.values
            for part in parts:
                if part.lower() == "email":
                    assert gates._inputs[f"{name}.{part}"] == "customers:pii"


def test_the_core_schema_is_the_one_that_is_printed() -> None:
    assert isinstance(schema(), Schema)
    assert print_schema(CORE).count("type Order ") == 1
