"""Orders, their items, and the words they are found by."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)

from db.tables.base import metadata, money_column, text_column, time_column, uuid_column, version_column
from db.tables.catalog import terms_table

ORDER_STATUSES = ("PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED")

orders = Table(
    "orders",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("id"),
    text_column("number"),
    text_column("status"),
    uuid_column("customer_id"),
    text_column("currency"),
    money_column("total"),
    text_column("notes", nullable=True),
    time_column("due_at", nullable=True),
    uuid_column("created_by", nullable=True),
    uuid_column("assigned_to", nullable=True),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "number"),
    ForeignKeyConstraint(["tenant_id", "customer_id"], ["customers.tenant_id", "customers.id"]),
    CheckConstraint("status IN ('" + "', '".join(ORDER_STATUSES) + "')", name="status_known"),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "updated_at", "id"),
    Index(None, "tenant_id", "status", "id"),
    Index(None, "tenant_id", "total", "id"),
    Index(None, "tenant_id", "customer_id", "created_at", "id"),
    Index(None, "tenant_id", "created_by", "created_at", "id"),
    Index(None, "tenant_id", "assigned_to", "created_at", "id"),
    Index("ix_orders_due_last", "tenant_id", text("(least(due_at, 'infinity'::timestamptz))"), "id"),
    Index("ix_orders_due_first", "tenant_id", text("(greatest(due_at, '-infinity'::timestamptz))"), "id"),
)
"""``created_by`` and ``assigned_to`` are users: whose row it is, for those whose scope is narrower than the tenant.

A null in a sort key is given its place by one of two expressions, so that a keyset stays one row comparison on one
index.
"""

order_items = Table(
    "order_items",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("order_id"),
    Column("line", SmallInteger, nullable=False),
    uuid_column("product_id"),
    text_column("sku"),
    Column("quantity", Integer, nullable=False),
    money_column("unit_price"),
    money_column("total"),
    text_column("currency"),
    PrimaryKeyConstraint("tenant_id", "order_id", "line"),
    ForeignKeyConstraint(["tenant_id", "order_id"], ["orders.tenant_id", "orders.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant_id", "product_id"], ["products.tenant_id", "products.id"]),
    CheckConstraint("line BETWEEN 1 AND 49", name="line_range"),
    CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity_range"),
)

order_terms = terms_table("order")
