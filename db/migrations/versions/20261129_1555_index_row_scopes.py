"""Index what belongs to whom, in the order in which lists are read unless another is asked for.

Revision: 20261129_1555, after 20261129_1550
"""

from alembic import op

revision = "20261129_1555"
down_revision = "20261129_1550"
branch_labels = None
depends_on = None

INDEXES = {
    f"ix_{table}_tenant_id_{column}_created_at_id": (table, ["tenant_id", column, "created_at", "id"])
    for table in ("orders", "customers")
    for column in ("created_by", "assigned_to")
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(op.f(name), table, columns, unique=False)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(op.f(name), table_name=table)
