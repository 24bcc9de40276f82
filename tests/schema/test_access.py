"""Access explained: what becomes of each coordinate of a document, and what two sides let see differently."""

import pytest

from auth.permissions import SYSTEM_ROLES, PermissionSet
from schema.access import BadDocument, Difference, Explained, compare_grants, compare_roles, compare_schemas, schema_of
from schema.access import explain as explained
from schema.needs import Access, read_needs
from schema.root import schema, sdl

CORE = schema()._schema
ROLES = {name: PermissionSet.of(grants) for name, grants in SYSTEM_ROLES.items()}
GATED = 'email: String @requiresPermission(permission: "customers:pii")'
GLIMPSING = PermissionSet.of(("orders:read", "customers:read", "customers:masked"))
DOCUMENT = "{ orders(first: 2) { nodes { number customer { name email } } } }"


def explain(permissions: PermissionSet, text: str = DOCUMENT, **more: object) -> dict[str, Explained]:
    found = explained(CORE, text, permissions, ROLES, **more)  # type: ignore[arg-type]  # passed on
    return {each.coordinate: each for each in found}


def test_every_coordinate_is_told_in_the_documents_order() -> None:
    assert list(explain(ROLES["admin"])) == [
        "Query.orders",
        "OrderConnection.nodes",
        "Order.number",
        "Order.customer",
        "Customer.name",
        "Customer.email",
    ]
    assert {each.access for each in explain(ROLES["admin"]).values()} == {Access.ALLOWED}


def test_a_denied_field_tells_the_permission_and_who_has_it() -> None:
    email = explain(ROLES["viewer"])["Customer.email"]
    assert email == Explained("Customer.email", Access.NULL, "customers:pii", None, ("admin", "manager"))


def test_a_masked_field_tells_its_mask_and_who_sees_the_value() -> None:
    email = explain(GLIMPSING)["Customer.email"]
    assert email == Explained("Customer.email", Access.MASKED, "customers:pii", "HASH", ("admin", "manager"))


def test_what_refuses_the_operation_is_told_with_what_stands_below_it() -> None:
    found = explain(ROLES["partner"])
    assert found["Order.customer"].access is Access.REFUSED
    assert found["Order.customer"].permission == "customers:read"
    assert found["Customer.email"].access is Access.NULL


def test_what_is_allowed_tells_by_which_permission() -> None:
    found = explain(ROLES["viewer"])
    assert found["Query.orders"] == Explained("Query.orders", Access.ALLOWED, "orders:read", None, ())
    assert found["Order.number"].permission is None


def test_inputs_are_judged_in_the_document_and_in_variables() -> None:
    written = '{ customers(where: {email: {eq: "x"}}, orderBy: [{field: EMAIL}]) { totalCount } }'
    given = "query($w: CustomerWhere) { customers(where: $w) { totalCount } }"
    found = explain(GLIMPSING, written)
    assert found["CustomerWhere.email"].access is found["CustomerSortField.EMAIL"].access is Access.REFUSED
    assert "CustomerWhere.email" not in explain(GLIMPSING, given)
    found = explain(GLIMPSING, given, variables={"w": {"email": {"eq": "x"}}})
    assert found["CustomerWhere.email"].access is Access.REFUSED


TWO = "query A { __typename } query B { __typename }"


@pytest.mark.parametrize("text", ["{ nothing }", "{", TWO, "type A { b: Int }"])
def test_a_document_that_cannot_run_is_no_matter_of_access(text: str) -> None:
    with pytest.raises(BadDocument):
        explain(ROLES["admin"], text)


def test_one_of_several_operations_is_explained_by_its_name() -> None:
    text = "query A { orders { totalCount } } query B { products { totalCount } }"
    assert "Query.products" in explain(ROLES["admin"], text, operation="B")


def test_two_roles_differ_where_they_see_differently() -> None:
    found = {each.coordinate: each for each in compare_roles(CORE, ROLES["viewer"], ROLES["manager"])}
    assert found["Customer.email"] == Difference(None, "Customer.email", Access.NULL, Access.ALLOWED)
    assert found["Mutation.createOrder"].before is Access.REFUSED
    assert "Order.number" not in found
    assert compare_roles(CORE, ROLES["viewer"], ROLES["viewer"]) == []


def test_the_printed_schema_takes_what_the_code_does() -> None:
    assert read_needs(schema_of(sdl())) == read_needs(CORE)


def test_two_schemas_differ_for_each_role_that_sees_it() -> None:
    before = schema_of(sdl())
    after = schema_of(sdl().replace(f"{GATED} @sensitive", "email: String @sensitive"))
    assert compare_schemas(before, before, ROLES) == []
    assert compare_schemas(before, after, ROLES) == [
        Difference("viewer", "Customer.email", Access.NULL, Access.ALLOWED),
        Difference("partner", "Customer.email", Access.NULL, Access.ALLOWED),
        Difference("support", "Customer.email", Access.MASKED, Access.ALLOWED),
    ]
    gone = schema_of(sdl().replace("  city: String!\n", "", 1))
    assert {(each.coordinate, each.before, each.after) for each in compare_schemas(before, gone, ROLES)} <= {
        ("Customer.city", Access.ALLOWED, None),
        ("CreateCustomerInput.city", Access.ALLOWED, None),
    }


def test_two_collections_of_roles_differ_role_by_role() -> None:
    more = {**ROLES, "helpdesk": GLIMPSING, "partner": PermissionSet.of(("products:read",))}
    found = compare_grants(CORE, ROLES, more)
    assert {each.role for each in found} == {"helpdesk", "partner"}
    assert Difference("helpdesk", "Customer.email", Access.NULL, Access.MASKED) in found
    assert Difference("partner", "Query.orders", Access.REFUSED, Access.REFUSED) not in found
    assert Difference("partner", "Query.order", Access.ALLOWED, Access.NULL) in found


def test_what_is_no_schema_is_said() -> None:
    with pytest.raises(BadDocument, match="no schema"):
        schema_of("type Query {")
