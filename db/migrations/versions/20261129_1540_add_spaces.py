"""Let sessions and keys carry a space, and memberships say which ones they allow.

Revision: 20261129_1540, after 20261129_1530
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1540"
down_revision = "20261129_1530"
branch_labels = None
depends_on = None

ALL = "ARRAY['PROVIDER', 'CLIENT', 'DEVELOPER', 'ACCOUNTING']"


def upgrade() -> None:
    # Whoever is there already goes on as before: in the usual space, free to go to any.
    op.add_column(
        "memberships",
        sa.Column(
            "spaces", sa.ARRAY(sa.Text()), server_default="{PROVIDER,CLIENT,DEVELOPER,ACCOUNTING}", nullable=False
        ),
    )
    op.create_check_constraint(
        op.f("ck_memberships_spaces_known"), "memberships", f"spaces <@ {ALL} AND cardinality(spaces) > 0"
    )
    for table in ("sessions", "api_keys"):
        op.add_column(table, sa.Column("space", sa.Text(collation="C"), server_default="PROVIDER", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_space_known"), table, f"space = ANY ({ALL})")


def downgrade() -> None:
    for table in ("api_keys", "sessions"):
        op.drop_column(table, "space")
    op.drop_column("memberships", "spaces")
