"""The tables, one aggregate a file: shapes and constraints only. They know no query, no door and no behaviour."""

from db.tables.announcements import ANNOUNCEMENT_KINDS, announcement_terms, announcements
from db.tables.audit import NOBODY, audit_log
from db.tables.base import (
    DIRECTORY_ROLE,
    DIRECTORY_TABLES,
    RUNTIME_ROLE,
    SHARED_TABLES,
    TENANT_SETTING,
    metadata,
    tenant_tables,
)
from db.tables.catalog import customer_terms, customers, product_terms, products
from db.tables.directory import (
    api_keys,
    identities,
    identity_head,
    member_roles,
    memberships,
    password_resets,
    replaced_sessions,
    roles,
    sessions,
    sign_in_failures,
    tenants,
    users,
)
from db.tables.documents import document_grants, document_uses, documents
from db.tables.invitations import invitations
from db.tables.log import event_heads, event_log
from db.tables.orders import ORDER_STATUSES, order_items, order_terms, orders
from db.tables.overview import QUARTERS, folded_heads, order_hours
from db.tables.peers import peer_nonces

__all__ = [
    "ANNOUNCEMENT_KINDS",
    "DIRECTORY_ROLE",
    "DIRECTORY_TABLES",
    "NOBODY",
    "ORDER_STATUSES",
    "QUARTERS",
    "RUNTIME_ROLE",
    "SHARED_TABLES",
    "TENANT_SETTING",
    "announcement_terms",
    "announcements",
    "api_keys",
    "audit_log",
    "customer_terms",
    "customers",
    "document_grants",
    "document_uses",
    "documents",
    "event_heads",
    "event_log",
    "folded_heads",
    "identities",
    "identity_head",
    "invitations",
    "member_roles",
    "memberships",
    "metadata",
    "order_hours",
    "order_items",
    "order_terms",
    "orders",
    "password_resets",
    "peer_nonces",
    "product_terms",
    "products",
    "replaced_sessions",
    "roles",
    "sessions",
    "sign_in_failures",
    "tenant_tables",
    "tenants",
    "users",
]
