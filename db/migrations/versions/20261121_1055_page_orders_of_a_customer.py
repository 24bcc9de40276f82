"""Page the orders of a customer: newest first, an index range for each customer.

Revision: 20261121_1055, after 20261121_1050
"""

from alembic import op

revision = "20261121_1055"
down_revision = "20261121_1050"
branch_labels = None
depends_on = None

WITH_TIME, WITHOUT = "ix_orders_tenant_id_customer_id_created_at_id", "ix_orders_tenant_id_customer_id_id"


def upgrade() -> None:
    op.create_index(op.f(WITH_TIME), "orders", ["tenant_id", "customer_id", "created_at", "id"])
    op.drop_index(op.f(WITHOUT), table_name="orders")


def downgrade() -> None:
    op.create_index(op.f(WITHOUT), "orders", ["tenant_id", "customer_id", "id"])
    op.drop_index(op.f(WITH_TIME), table_name="orders")
