"""Remember the nonces of signed requests.

Revision: 20261129_1800, after 20261129_1740
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1800"
down_revision = "20261129_1740"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "peer_nonces",
        sa.Column("peer", sa.Text(collation="C"), nullable=False),
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("peer", "nonce_hash", name=op.f("pk_peer_nonces")),
    )
    op.create_index(op.f("ix_peer_nonces_expires_at"), "peer_nonces", ["expires_at"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON peer_nonces TO tidegate_directory")


def downgrade() -> None:
    """A request that was signed within the last two minutes may be sent again."""
    op.drop_table("peer_nonces")
