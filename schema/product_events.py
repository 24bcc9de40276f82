"""Products, live: the stream of their changes."""

import enum

import strawberry

from resolvers.products import products_by_id, watch_products
from schema.events import LiveNoun, LoggedEvent, event_stream
from schema.fields import to_one
from schema.products import READ, Product, ProductWhere


@strawberry.enum(description="What happened to a product.")
class ProductEventType(enum.Enum):
    """Values are the log's types."""

    CREATED = "product.created"
    UPDATED = "product.updated"


@strawberry.type(description="A change of a product, told once, in commit order.")
class ProductEvent(LoggedEvent):
    """An event with its product."""

    product: Product | None = to_one(products_by_id, key="entity_id", description="The product as it is now.")


@strawberry.type
class ProductSubscriptions:
    """The subscriptions of products."""

    product_events: ProductEvent = event_stream(
        LiveNoun(Product, "prd", watch_products),
        where=ProductWhere,
        types=ProductEventType,
        gate=READ,
        description="Every change of the products that match before or after it, "
        "from now on or after a cursor: none lost, none twice.",
    )
