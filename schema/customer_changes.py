"""Customers, changed: the mutations, their inputs and their payloads."""

from typing import Any

import strawberry

from resolvers.customers import CustomerPatch, NewCustomer, create_customer, update_customer
from resolvers.errors import Problem
from schema.changes import ChangePayload, assignment_in, changes_in, id_in
from schema.customers import NODE, PII, Customer
from schema.directives import requires
from schema.fields import Info, given, held, root_field
from schema.user_errors import payload_of, refused

WRITE = "customers:write"


@strawberry.input
class CreateCustomerInput:
    """A new customer: whoever makes one gives its email, and may therefore see it."""

    name: str
    email: str = strawberry.field(directives=requires(PII))
    city: str
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")


@strawberry.input
class UpdateCustomerInput:
    """A patch: what is absent stays. Without expectedVersion the last write wins."""

    id: strawberry.ID
    expected_version: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    email: str | None = strawberry.field(default=strawberry.UNSET, directives=requires(PII))
    city: str | None = strawberry.UNSET
    country: str | None = strawberry.UNSET
    assigned_to_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The member who shall look after it; null for nobody."
    )


@strawberry.type
class CustomerPayload(ChangePayload):
    """What every mutation of a customer answers with."""

    customer: Customer | None = held("row")


@strawberry.type
class CreateCustomerPayload(CustomerPayload):
    """Answers createCustomer."""


@strawberry.type
class UpdateCustomerPayload(CustomerPayload):
    """Answers updateCustomer."""


async def _create(info: Info, input: CreateCustomerInput) -> Any:  # Any: a Payload
    new = NewCustomer(input.name, input.email, input.city, input.country)
    return await payload_of(NODE, create_customer(info.context.write, new))


async def _update(info: Info, input: UpdateCustomerInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    customer_id = id_in(input.id, "cus", problems, "id")
    changes = changes_in(input, "name", "email", "city", "country") | assignment_in(input, problems)
    if problems:
        return refused(*problems)
    patch = CustomerPatch(customer_id, given(input.expected_version), changes)
    return await payload_of(NODE, update_customer(info.context.write, patch))


@strawberry.type
class CustomerMutations:
    """The mutations of customers."""

    create_customer: CreateCustomerPayload = root_field(_create, gate=WRITE, description="Make a customer.")
    update_customer: UpdateCustomerPayload = root_field(
        _update, gate=WRITE, description="Change what a customer is called and where it is reached."
    )
