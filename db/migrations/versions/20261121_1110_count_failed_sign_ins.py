"""Count sign-ins that failed, so that guessing passwords gets slow.

Revision: 20261121_1110, after 20261121_1055
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1110"
down_revision = "20261121_1055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("longest", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_last_at"), "sign_in_failures", ["last_at"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_failures TO tidegate_directory")


def downgrade() -> None:
    op.drop_table("sign_in_failures")
