"""The static pass: what an operation may not use, wherever it is written, before anything runs."""

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse

from auth.permissions import SYSTEM_ROLES, PermissionSet
from schema.gates import Gatekeeper, Verdict
from schema.root import schema
from tests.support.facts import Json
from tests.support.library import Desk
from tests.support.vault import GLIMPSE, SEE, VAULT, Vault

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


def test_a_sensitive_field_answers_its_mask_to_who_may_see_that() -> None:
    text = "{ customers { nodes { email } } }"
    (operation,) = (d for d in parse(text).definitions if isinstance(d, OperationDefinitionNode))
    found = {
        grants: Gatekeeper(CORE).judge(operation, {}, {}, PermissionSet.of(("customers:read", *grants)))
        for grants in ((), ("customers:masked",), ("customers:pii",), ("customers:masked", "customers:pii"))
    }
    assert {grants: (verdict.denied, verdict.masked) for grants, verdict in found.items()} == {
        (): ({"Customer.email": "customers:pii"}, set()),
        ("customers:masked",): ({}, {"Customer.email"}),
        ("customers:pii",): ({}, set()),
        ("customers:masked", "customers:pii"): ({}, set()),
    }


@pytest.mark.parametrize(("document", "variables", "role", "coordinate"), [row for row in INPUTS if row[2] == "viewer"])
def test_a_mask_opens_no_filter_and_no_sort(document: str, variables: Json, role: str, coordinate: str) -> None:
    grants = PermissionSet.of((*SYSTEM_ROLES[role], "customers:masked"))
    (operation, *_) = (d for d in parse(document).definitions if isinstance(d, OperationDefinitionNode))
    fragments = {d.name.value: d for d in parse(document).definitions if isinstance(d, FragmentDefinitionNode)}
    assert coordinate in Gatekeeper(CORE).judge(operation, fragments, variables, grants).refused


def test_a_field_that_is_reached_behind_an_interface_is_judged_by_what_it_may_be() -> None:
    text = f'{{ vault(id: "{VAULT}") {{ safes {{ ... on Owned {{ owner }} }} }} }}'
    desk = Desk(Vault())
    (operation,) = desk.document(text).operations.values()
    gates = Gatekeeper(desk.core)
    assert gates.judge(operation, {}, {}, PermissionSet.of(())).refused == {"Safe.owner": SEE}
    assert gates.judge(operation, {}, {}, PermissionSet.of((GLIMPSE,))).masked == {"Safe.owner"}
