"""Create the tables: the directory's, then the tenants'.

Revision: 20261121_0700, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261121_0700"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("action", sa.Text(collation="C"), nullable=False),
        sa.Column("entity", sa.Text(collation="C"), nullable=False),
        sa.Column("entity_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("request_id", sa.Text(collation="C"), nullable=True),
        sa.Column("coordinates", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_tenant_id_ts"), "audit_log", ["tenant_id", "ts"], unique=False)
    op.create_table(
        "customers",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("email", sa.Text(collation="C"), nullable=False),
        sa.Column("city", sa.Text(collation="C"), nullable=False),
        sa.Column("country", sa.Text(collation="C"), nullable=False),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("assigned_to", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customers")),
    )
    op.create_index(
        op.f("ix_customers_tenant_id_created_at_id"), "customers", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_customers_tenant_id_email_id"), "customers", ["tenant_id", "email", "id"], unique=False)
    op.create_index(
        op.f("ix_customers_tenant_id_name_key_id"), "customers", ["tenant_id", "name_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_customers_tenant_id_updated_at_id"), "customers", ["tenant_id", "updated_at", "id"], unique=False
    )
    op.create_table(
        "event_heads",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_event_heads")),
    )
    op.create_table(
        "event_log",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("entity", sa.Text(collation="C"), nullable=False),
        sa.Column("entity_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        postgresql_partition_by="RANGE (ts)",
    )
    op.create_index("ix_event_log_seq", "event_log", ["tenant_id", "seq"], unique=False)
    op.create_table(
        "products",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_products_price_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_products")),
        sa.UniqueConstraint("tenant_id", "sku", name=op.f("uq_products_tenant_id_sku")),
    )
    op.create_index(
        op.f("ix_products_tenant_id_created_at_id"), "products", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_products_tenant_id_name_key_id"), "products", ["tenant_id", "name_key", "id"], unique=False
    )
    op.create_index(op.f("ix_products_tenant_id_price_id"), "products", ["tenant_id", "price", "id"], unique=False)
    op.create_index(
        op.f("ix_products_tenant_id_updated_at_id"), "products", ["tenant_id", "updated_at", "id"], unique=False
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck_tenants_slug_shape")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("password_hash", sa.Text(collation="C"), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "customer_terms",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("term", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_customer_terms_tenant_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", "source", "term", name=op.f("pk_customer_terms")),
    )
    op.create_index(
        "ix_customer_terms_term", "customer_terms", ["tenant_id", "source", "term", "customer_id"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        sa.Column("customer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Text(collation="C"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("assigned_to", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('PENDING', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED')",
            name=op.f("ck_orders_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_orders_tenant_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_orders_tenant_id_number")),
    )
    op.create_index(
        "ix_orders_due_first",
        "orders",
        ["tenant_id", sa.literal_column("(greatest(due_at, '-infinity'::timestamptz))"), "id"],
        unique=False,
    )
    op.create_index(
        "ix_orders_due_last",
        "orders",
        ["tenant_id", sa.literal_column("(least(due_at, 'infinity'::timestamptz))"), "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_orders_tenant_id_created_at_id"), "orders", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_orders_tenant_id_customer_id_id"), "orders", ["tenant_id", "customer_id", "id"], unique=False
    )
    op.create_index(op.f("ix_orders_tenant_id_status_id"), "orders", ["tenant_id", "status", "id"], unique=False)
    op.create_index(op.f("ix_orders_tenant_id_total_id"), "orders", ["tenant_id", "total", "id"], unique=False)
    op.create_index(
        op.f("ix_orders_tenant_id_updated_at_id"), "orders", ["tenant_id", "updated_at", "id"], unique=False
    )
    op.create_table(
        "product_terms",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("product_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("term", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_product_terms_tenant_id_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", "source", "term", name=op.f("pk_product_terms")),
    )
    op.create_index(
        "ix_product_terms_term", "product_terms", ["tenant_id", "source", "term", "product_id"], unique=False
    )
    op.create_table(
        "roles",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("system", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_roles_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_roles")),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_agent", sa.Text(collation="C"), nullable=True),
        sa.Column("address", sa.Text(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sessions_tenant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role"], ["roles.tenant_id", "roles.name"], name=op.f("fk_memberships_tenant_id_role")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_memberships_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "order_items",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("order_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("line", sa.SmallInteger(), nullable=False),
        sa.Column("product_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sku", sa.Text(collation="C"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("line BETWEEN 1 AND 49", name=op.f("ck_order_items_line_range")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 1000000", name=op.f("ck_order_items_quantity_range")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["orders.tenant_id", "orders.id"],
            name=op.f("fk_order_items_tenant_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_order_items_tenant_id_product_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "order_id", "line", name=op.f("pk_order_items")),
    )
    op.create_table(
        "order_terms",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("order_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("term", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["orders.tenant_id", "orders.id"],
            name=op.f("fk_order_terms_tenant_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "order_id", "source", "term", name=op.f("pk_order_terms")),
    )
    op.create_index("ix_order_terms_term", "order_terms", ["tenant_id", "source", "term", "order_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_order_terms_term", table_name="order_terms")
    op.drop_table("order_terms")
    op.drop_table("order_items")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("roles")
    op.drop_index("ix_product_terms_term", table_name="product_terms")
    op.drop_table("product_terms")
    op.drop_index(op.f("ix_orders_tenant_id_updated_at_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_tenant_id_total_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_tenant_id_status_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_tenant_id_customer_id_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_tenant_id_created_at_id"), table_name="orders")
    op.drop_index("ix_orders_due_last", table_name="orders")
    op.drop_index("ix_orders_due_first", table_name="orders")
    op.drop_table("orders")
    op.drop_index("ix_customer_terms_term", table_name="customer_terms")
    op.drop_table("customer_terms")
    op.drop_table("users")
    op.drop_table("tenants")
    op.drop_index(op.f("ix_products_tenant_id_updated_at_id"), table_name="products")
    op.drop_index(op.f("ix_products_tenant_id_price_id"), table_name="products")
    op.drop_index(op.f("ix_products_tenant_id_name_key_id"), table_name="products")
    op.drop_index(op.f("ix_products_tenant_id_created_at_id"), table_name="products")
    op.drop_table("products")
    op.drop_index("ix_event_log_seq", table_name="event_log")
    op.drop_table("event_log")
    op.drop_table("event_heads")
    op.drop_index(op.f("ix_customers_tenant_id_updated_at_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_tenant_id_name_key_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_tenant_id_email_id"), table_name="customers")
    op.drop_index(op.f("ix_customers_tenant_id_created_at_id"), table_name="customers")
    op.drop_table("customers")
    op.drop_index(op.f("ix_audit_log_tenant_id_ts"), table_name="audit_log")
    op.drop_table("audit_log")
