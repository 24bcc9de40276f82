"""Link users to what sign-in providers call them, and sessions to the provider's own.

Revision: 20261121_1050, after 20261121_1040
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1050"
down_revision = "20261121_1040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON identities TO tidegate_directory")
    op.add_column("sessions", sa.Column("provider", sa.Text(collation="C"), nullable=True))
    op.add_column("sessions", sa.Column("provider_session", sa.Text(collation="C"), nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "provider_session")
    op.drop_column("sessions", "provider")
    op.drop_table("identities")
