"""Register documents by the hash of their texts, and tell of each change of one.

Revision: 20261129_2230, after 20261129_1810
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_2230"
down_revision = "20261129_1810"
branch_labels = None
depends_on = None

TABLES = ("documents", "document_grants", "document_uses")
CHANNEL = "tidegate_documents"
# Being used is no change of who may run what.
TOLD_OF = {"documents": "id", "document_grants": "document_id"}


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("text", sa.Text(collation="C"), nullable=False),
        sa.Column("operations", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("coordinates", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("owner", sa.Text(collation="C"), nullable=True),
        sa.Column("role", sa.Text(collation="C"), nullable=True),
        sa.Column("everybody", sa.Boolean(), server_default="false", nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in ("published_at", "sunset_at", "retired_at")
        ),
        sa.CheckConstraint(
            "id = encode(sha256(convert_to(text, 'UTF8')), 'hex')", name=op.f("ck_documents_id_hashes_text")
        ),
        sa.CheckConstraint(
            "published_at IS NOT NULL OR (NOT everybody AND owner IS NULL)",
            name=op.f("ck_documents_published_by_somebody"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_created_at_id"), "documents", ["created_at", "id"], unique=False)
    op.create_table(
        "document_grants",
        *_of_document_and_tenant(),
        sa.Column("key_name", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_keyed("document_grants", "document_id", "tenant_id", "key_name"),
    )
    op.create_index(op.f("ix_document_grants_tenant_id"), "document_grants", ["tenant_id"], unique=False)
    op.create_table(
        "document_uses",
        *_of_document_and_tenant(),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("first_at", "last_at")),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("durations", sa.ARRAY(sa.BigInteger()), nullable=False),
        *_keyed("document_uses", "document_id", "tenant_id"),
    )
    op.create_index(op.f("ix_document_uses_tenant_id"), "document_uses", ["tenant_id"], unique=False)
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO tidegate_directory")
    for table, column in TOLD_OF.items():
        _tell_changes(table, column)


def _of_document_and_tenant() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("document_id", sa.Text(collation="C"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
    )


def _keyed(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    fks = {"document_id": "documents", "tenant_id": "tenants"}
    return (
        *(
            sa.ForeignKeyConstraint([name], [f"{of}.id"], name=op.f(f"fk_{table}_{name}"), ondelete="CASCADE")
            for name, of in fks.items()
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )


def _tell_changes(table: str, column: str) -> None:
    op.execute(
        f"CREATE FUNCTION tell_{table}_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN PERFORM pg_notify('{CHANNEL}', coalesce(NEW.{column}, OLD.{column})); RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER tell_change AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION tell_{table}_change()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for table in TOLD_OF:
        op.execute(f"DROP FUNCTION tell_{table}_change()")
