"""Add a tenant's bell: announcements, and the words they are found by.

Revision: 20261121_1040, after 20261121_1000
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1040"
down_revision = "20261121_1000"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('tidegate.tenant', true), '')::uuid)"
TABLES = ("announcements", "announcement_terms")


def upgrade() -> None:
    _create()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO tidegate_runtime")


def _create() -> None:
    op.create_table(
        "announcements",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("text", sa.Text(collation="C"), nullable=True),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('START_DAY', 'END_DAY', 'NOTICE')", name=op.f("ck_announcements_kind_known")),
        sa.CheckConstraint("kind <> 'NOTICE' OR text IS NOT NULL", name=op.f("ck_announcements_notice_says_something")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_announcements")),
    )
    op.create_index(
        op.f("ix_announcements_tenant_id_created_at_id"), "announcements", ["tenant_id", "created_at", "id"]
    )
    op.create_table(
        "announcement_terms",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("announcement_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("term", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "announcement_id"],
            ["announcements.tenant_id", "announcements.id"],
            name=op.f("fk_announcement_terms_tenant_id_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "announcement_id", "source", "term", name=op.f("pk_announcement_terms")),
    )
    op.create_index(
        "ix_announcement_terms_term", "announcement_terms", ["tenant_id", "source", "term", "announcement_id"]
    )


def downgrade() -> None:
    op.drop_table("announcement_terms")
    op.drop_table("announcements")
