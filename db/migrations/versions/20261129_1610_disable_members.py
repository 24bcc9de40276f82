"""Let a membership be disabled, and list a tenant's members by the time they came.

Revision: 20261129_1610, after 20261129_1555
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1610"
down_revision = "20261129_1555"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("memberships", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_memberships_tenant_id_created_at_user_id"),
        "memberships",
        ["tenant_id", "created_at", "user_id"],
        unique=False,
    )


def downgrade() -> None:
    """Who was disabled is a member again."""
    op.drop_index(op.f("ix_memberships_tenant_id_created_at_user_id"), table_name="memberships")
    op.drop_column("memberships", "disabled_at")
