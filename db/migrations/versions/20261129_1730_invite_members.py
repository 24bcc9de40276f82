"""Keep invitations, and whose address nobody has proven.

Revision: 20261129_1730, after 20261129_1610
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1730"
down_revision = "20261129_1610"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("email_proven", sa.Boolean(), nullable=False, server_default="true"))
    op.create_table(
        "invitations",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.Text(collation="C"), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("inviter_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_invitations_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["users.id"], name=op.f("fk_invitations_inviter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    for columns in (["tenant_id", "created_at", "id"], ["tenant_id", "email"], ["inviter_id"]):
        op.create_index(op.f(f"ix_invitations_{'_'.join(columns)}"), "invitations", columns, unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON invitations TO tidegate_directory")


def downgrade() -> None:
    """Open invitations are over; who accepted one stays a member."""
    op.drop_table("invitations")
    op.drop_column("users", "email_proven")
