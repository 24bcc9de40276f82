"""Customers, live: the stream of their changes."""

import enum

import strawberry

from resolvers.customers import customers_by_id, watch_customers
from schema.customers import READ, Customer, CustomerWhere
from schema.events import LEAVING, LiveNoun, LoggedEvent, event_stream
from schema.fields import to_one


@strawberry.enum(description="What happened to a customer.")
class CustomerEventType(enum.Enum):
    """Values are the log's types."""

    CREATED = "customer.created"
    UPDATED = "customer.updated"
    LEFT = strawberry.enum_value("customer.left", description=LEAVING)


@strawberry.type(description="A change of a customer, told once, in commit order.")
class CustomerEvent(LoggedEvent):
    """An event with its customer."""

    customer: Customer | None = to_one(customers_by_id, key="entity_id", description="The customer as it is now.")


@strawberry.type
class CustomerSubscriptions:
    """The subscriptions of customers."""

    customer_events: CustomerEvent = event_stream(
        LiveNoun(Customer, "cus", watch_customers),
        where=CustomerWhere,
        types=CustomerEventType,
        gate=READ,
        description="Every change of the customers that match before or after it, "
        "from now on or after a cursor: none lost, none twice.",
    )
