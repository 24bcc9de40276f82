"""Let API keys say which documents they run.

Revision: 20261129_2231, after 20261129_2230
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_2231"
down_revision = "20261129_2230"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The keys that there are go on running any."""
    column = sa.Column("documents", sa.Text(collation="C"), server_default="AD_HOC", nullable=False)
    op.add_column("api_keys", column)
    known = "documents IN ('AD_HOC', 'REGISTERED', 'TRUSTED')"
    op.create_check_constraint(op.f("ck_api_keys_documents_known"), "api_keys", known)


def downgrade() -> None:
    """Every key runs any document again."""
    op.drop_constraint(op.f("ck_api_keys_documents_known"), "api_keys")
    op.drop_column("api_keys", "documents")
