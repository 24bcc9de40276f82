"""The names that clients rely on are in the schema, as they were promised."""

import pytest
from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, build_schema

from schema.root import schema, sdl

CORE: GraphQLSchema = schema()._schema
LIST = (
    "first: Int, after: String, last: Int, before: String, "
    "where: {0}Where, orderBy: [{0}Sort!], search: String, offset: Int"
)
FIELDS = {
    "Query": {
        "viewer": "Viewer!",
        "node": "Node",
        "nodes": "[Node]!",
        "order": "Order",
        "orders": "OrderConnection!",
        "customers": "CustomerConnection!",
        "products": "ProductConnection!",
    },
    "Mutation": {
        "createOrder": "CreateOrderPayload!",
        "updateOrder": "UpdateOrderPayload!",
        "changeOrderStatus": "ChangeOrderStatusPayload!",
    },
    "Subscription": {"orderEvents": "OrderEvent!"},
    "Node": {"id": "ID!"},
    "Order": {
        "id": "ID!",
        "number": "String!",
        "status": "OrderStatus!",
        "total": "Money!",
        "notes": "String",
        "customer": "Customer!",
        "items": "[OrderItem!]!",
        "version": "Int!",
        "createdAt": "DateTime!",
        "updatedAt": "DateTime!",
    },
    "OrderItem": {
        "id": "ID!",
        "sku": "String!",
        "quantity": "Int!",
        "unitPrice": "Money!",
        "total": "Money!",
        "product": "Product!",
    },
    "Customer": {"id": "ID!", "name": "String!", "email": "String"},
    "Product": {"id": "ID!", "sku": "String!", "name": "String!", "price": "Money!"},
    "Money": {"amount": "Decimal!", "currency": "String!"},
    "OrderConnection": {
        "edges": "[OrderEdge!]!",
        "nodes": "[Order!]!",
        "pageInfo": "PageInfo!",
        "totalCount": "Int!",
        "totalCountIsEstimate": "Boolean!",
    },
    "OrderEdge": {"cursor": "String!", "node": "Order!"},
    "PageInfo": {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    },
    "OrderEvent": {
        "type": "String!",
        "id": "ID!",
        "patch": "JSON!",
        "order": "Order",
        "ts": "DateTime!",
        "cursor": "String!",
    },
    "Announcement": {"id": "ID!", "kind": "AnnouncementKind!", "text": "String", "createdAt": "DateTime!"},
    "AnnouncePayload": {"announcement": "Announcement", "userErrors": "[UserError!]!"},
    "CustomerEvent": {"type": "String!", "id": "ID!", "patch": "JSON!", "customer": "Customer", "cursor": "String!"},
    "ProductEvent": {"type": "String!", "id": "ID!", "patch": "JSON!", "product": "Product", "cursor": "String!"},
    "CreateCustomerPayload": {"customer": "Customer", "userErrors": "[UserError!]!"},
    "UpdateCustomerPayload": {"customer": "Customer", "userErrors": "[UserError!]!"},
    "CreateProductPayload": {"product": "Product", "userErrors": "[UserError!]!"},
    "UpdateProductPayload": {"product": "Product", "userErrors": "[UserError!]!"},
    "UpdateOrderPayload": {"order": "Order", "userErrors": "[UserError!]!"},
    "ConflictError": {"current": "Node", "code": "UserErrorCode!", "message": "String!", "field": "[String!]"},
    "PermissionsSnapshot": {"version": "String!", "grants": "[String!]!", "fields": "[FieldAccess!]"},
    "FieldAccess": {"name": "String!", "access": "Access!"},
    "Viewer": {"permissions": "PermissionsSnapshot!", "roles": "[String!]!", "tenant": "Tenant!", "can": "Access"},
}
ARGUMENTS = {
    "Query.node": "id: ID!",
    "Query.nodes": "ids: [ID!]!",
    "Query.order": "id: ID!",
    "Query.orders": LIST.format("Order"),
    "Query.customers": LIST.format("Customer"),
    "Query.products": LIST.format("Product"),
    "Mutation.createOrder": "input: CreateOrderInput!",
    "Mutation.updateOrder": "input: UpdateOrderInput!",
    "Mutation.changeOrderStatus": "input: ChangeOrderStatusInput!",
    "Query.overview": "range: TimeRange",
    "Subscription.overviewUpdated": "range: TimeRange, after: String",
    "Query.announcements": LIST.format("Announcement"),
    "Mutation.announce": "input: AnnounceInput!",
    "Subscription.announcements": "kinds: [AnnouncementKind!], after: String",
    "Mutation.createCustomer": "input: CreateCustomerInput!",
    "Mutation.updateCustomer": "input: UpdateCustomerInput!",
    "Mutation.createProduct": "input: CreateProductInput!",
    "Mutation.updateProduct": "input: UpdateProductInput!",
    "Subscription.customerEvents": "where: CustomerWhere, types: [CustomerEventType!], after: String",
    "Subscription.productEvents": "where: ProductWhere, types: [ProductEventType!], after: String",
    "Viewer.can": "coordinate: String!",
    "PermissionsSnapshot.fields": "type: String!",
    "Subscription.orderEvents": "where: OrderWhere, types: [OrderEventType!], after: String",
}
INPUTS = {
    "OrderSort": "field: OrderSortField!, direction: SortDirection! = ASC, nulls: NullsOrder",
    "OrderWhere": "and: [OrderWhere!], or: [OrderWhere!], not: OrderWhere, status: OrderStatusFilter, "
    "customerId: IDFilter, total: DecimalFilter, createdAt: DateTimeFilter",
    "CreateOrderInput": "customerId: ID!, currency: String!, notes: String, items: [OrderItemInput!]!",
    "OrderItemInput": "productId: ID!, quantity: Int!",
    "TimeRange": "from: DateTime, to: DateTime, timeZone: String",
    "AnnounceInput": "kind: AnnouncementKind!, text: String",
    "CreateCustomerInput": "name: String!, email: String!, city: String!, country: String!",
    "UpdateCustomerInput": "id: ID!, expectedVersion: Int, name: String, email: String, city: String, country: String",
    "CreateProductInput": "sku: String!, name: String!, price: Decimal!, currency: String!",
    "UpdateProductInput": "id: ID!, expectedVersion: Int, sku: String, name: String, price: Decimal, currency: String",
    "UpdateOrderInput": "id: ID!, expectedVersion: Int, notes: String, customerId: ID",
    "ChangeOrderStatusInput": "id: ID!, status: OrderStatus!, expectedVersion: Int",
    "OrderStatusFilter": "eq: OrderStatus, in: [OrderStatus!]",
    "DateTimeFilter": "gte: DateTime, lt: DateTime",
    "StringFilter": "eq: String, in: [String!], contains: String",
}
ENUMS = {
    "OrderStatus": {"PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"},
    "SortDirection": {"ASC", "DESC"},
    "NullsOrder": {"FIRST", "LAST"},
    "OrderEventType": {"CREATED", "UPDATED", "STATUS_CHANGED", "LEFT"},
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_type_has_the_fields_that_were_promised(name: str) -> None:
    kind = CORE.type_map[name]
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    assert {field: str(kind.fields[field].type) for field in FIELDS[name]} == FIELDS[name]


@pytest.mark.parametrize("coordinate", ARGUMENTS)
def test_a_field_takes_the_arguments_that_were_promised(coordinate: str) -> None:
    assert f"{coordinate.partition('.')[2]}({ARGUMENTS[coordinate]}): " in sdl()


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_has_the_fields_that_were_promised(name: str) -> None:
    body = sdl().partition(f"input {name} {{\n")[2].partition("\n}")[0]
    fields = {line.partition(" @")[0].strip() for line in body.splitlines()}
    assert set(INPUTS[name].split(", ")) <= fields


@pytest.mark.parametrize("name", ENUMS)
def test_an_enum_has_the_values_that_were_promised(name: str) -> None:
    kind = CORE.type_map[name]
    assert isinstance(kind, GraphQLEnumType)
    assert set(kind.values) == ENUMS[name]


def test_the_printed_schema_can_be_read_again_and_shows_the_gates() -> None:
    assert build_schema(sdl()).query_type
    assert 'email: String @requiresPermission(permission: "customers:pii")' in sdl()
    assert "directive @requiresPermission(permission: String!) on " in sdl()


@pytest.mark.parametrize("name", ["Order", "Customer", "Product"])
def test_an_entity_is_a_node_with_a_version_and_times(name: str) -> None:
    kind = CORE.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    assert "Node" in {interface.name for interface in kind.interfaces}
    assert {"version", "createdAt", "updatedAt"} <= set(kind.fields)
