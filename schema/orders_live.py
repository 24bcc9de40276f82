"""Orders, live: the first of a list, and what becomes of them."""

import strawberry

from resolvers.orders import follow_page_of_orders
from schema.connections import Connection
from schema.fields import column
from schema.live_pages import LiveList, LivePage, PageChange, live_page, opening_page
from schema.orders import LIST, READ, Order, OrderSort, OrderWhere


@strawberry.type(description="What happened to an order of the page.")
class OrderChange(PageChange):
    """A change with its order."""

    node: Order | None = column("node", description="ENTER: the order that came in.")


@strawberry.type(description="Orders as of one position of the log: a page, or what has become of it since.")
class OrdersLive(LivePage):
    """A page of orders."""

    snapshot: Connection[Order] | None = opening_page()
    changes: list[OrderChange] = column(
        "changes", description="To be applied one after the other, in the order in which they stand."
    )


@strawberry.type
class OrdersLiveSubscriptions:
    """The subscriptions of orders' pages."""

    orders_live: OrdersLive = live_page(
        LiveList(LIST, Order, "ord", follow_page_of_orders),
        where=OrderWhere,
        sort=OrderSort,
        gate=READ,
        description="The first orders of a list and what becomes of them: a page, then its changes, each as of one "
        "position of the log. Whoever comes back begins with a new page.",
    )
