"""The whole language: one line per noun."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.address_lists import AddressListMutations, AddressListQueries
from schema.announcements import NODE as ANNOUNCEMENT
from schema.announcements import (
    Announcement,
    AnnouncementMutations,
    AnnouncementQueries,
    AnnouncementSubscriptions,
)
from schema.api_keys import ApiKeyMutations, ApiKeyQueries
from schema.audit import AuditQueries
from schema.customer_changes import CustomerMutations
from schema.customer_events import CustomerSubscriptions
from schema.customers import NODE as CUSTOMER
from schema.customers import Customer, CustomerQueries
from schema.document_list import DocumentQueries
from schema.elevation import ElevationMutations
from schema.impersonation import ImpersonationMutations
from schema.invitations import InvitationMutations, InvitationQueries
from schema.members import MemberMutations, MemberQueries
from schema.node import Node, NodeRegistry
from schema.open_streams import OpenStreamMutations, OpenStreamQueries
from schema.order_changes import OrderMutations
from schema.order_events import OrderSubscriptions
from schema.orders import NODE as ORDER
from schema.orders import Order, OrderQueries
from schema.orders_live import OrdersLiveSubscriptions
from schema.overview import OverviewQueries, OverviewSubscriptions
from schema.permissions import PermissionSubscriptions
from schema.product_changes import ProductMutations
from schema.product_events import ProductSubscriptions
from schema.products import NODE as PRODUCT
from schema.products import Product, ProductQueries
from schema.rate_limit import RateLimitQueries
from schema.roles import RoleMutations, RoleQueries
from schema.scalars import SCALARS
from schema.sessions import SessionMutations
from schema.user_errors import ConflictError, InputError
from schema.viewer import ViewerMutations, ViewerQueries
from schema.weights import weigh_fields

CHANGING = "10"
"""What each mutation weighs: a transaction, with its event and its record."""
NODES = NodeRegistry({"ord": ORDER, "cus": CUSTOMER, "prd": PRODUCT, "ann": ANNOUNCEMENT})


@strawberry.type
class Query(
    ViewerQueries,
    OrderQueries,
    CustomerQueries,
    ProductQueries,
    AnnouncementQueries,
    OverviewQueries,
    OpenStreamQueries,
    AuditQueries,
    MemberQueries,
    InvitationQueries,
    RoleQueries,
    ApiKeyQueries,
    AddressListQueries,
    DocumentQueries,
    RateLimitQueries,
):
    """Everything that can be read."""

    node: Node | None = NODES.field(
        many=False,
        description="Any object by its id; null when it does not exist or is another tenant's.",
    )
    nodes: list[Node | None] = NODES.field(
        many=True,
        description="Objects by their ids, in their order; null where there is none.",
    )


@strawberry.type
class Mutation(
    ViewerMutations,
    SessionMutations,
    ElevationMutations,
    ImpersonationMutations,
    OrderMutations,
    CustomerMutations,
    ProductMutations,
    AnnouncementMutations,
    OpenStreamMutations,
    MemberMutations,
    InvitationMutations,
    RoleMutations,
    ApiKeyMutations,
    AddressListMutations,
):
    """Everything that can be changed."""


weigh_fields(Mutation, CHANGING)


@strawberry.type
class Subscription(
    OrderSubscriptions,
    OrdersLiveSubscriptions,
    CustomerSubscriptions,
    ProductSubscriptions,
    AnnouncementSubscriptions,
    OverviewSubscriptions,
    PermissionSubscriptions,
):
    """Everything that can be watched."""


@cache
def schema() -> strawberry.Schema:
    """The schema, built once a process."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Order, Customer, Product, Announcement, InputError, ConflictError],
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=500),
    )


def sdl() -> str:
    """The schema definition language, as it is checked in."""
    return schema().as_str() + "\n"
