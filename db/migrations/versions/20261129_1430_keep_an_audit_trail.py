"""Keep an audit trail: who, as whom, by what, from where, and what came of it; in partitions, one a month. What was
recorded before is taken over.

Revision: 20261129_1430, after 20261129_1400
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261129_1430"
down_revision = "20261129_1400"
branch_labels = None
depends_on = None

# ruff: noqa: S608  constants made of constants
TENANT = "(SELECT nullif(current_setting('tidegate.tenant', true), '')::uuid)"
PREFIXES = {
    "order": "ord", "customer": "cus", "product": "prd", "announcement": "ann", "stream": "str"
}  # fmt: skip
INDEXED = ("actor_id", "action", "entity", "entity_id", "outcome", "operation_name")
TO_PUBLIC = " ".join(
    f"WHEN '{entity}' THEN '{prefix}_' || replace(entity_id::text, '-', '')" for entity, prefix in PREFIXES.items()
)
# A month has its partition before its records come: nothing can be taken out of the default one afterwards.
MAKE_MONTHS = """
DO $$ DECLARE month timestamptz; BEGIN
    FOR month IN SELECT DISTINCT date_trunc('month', ts, 'UTC') FROM audit_log_before LOOP
        EXECUTE format('CREATE TABLE audit_log_%s PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)',
            to_char(month AT TIME ZONE 'UTC', 'YYYYMM'), month, month + interval '1 month');
        EXECUTE format('ALTER TABLE audit_log_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
            to_char(month AT TIME ZONE 'UTC', 'YYYYMM'));
    END LOOP;
END $$
"""
TAKE_OVER = f"""
INSERT INTO audit_log
    (tenant_id, id, created_at, kind, action, outcome, actor_id, request_id, entity, entity_id, coordinates, changes)
SELECT tenant_id, id, ts, 'MUTATION', action, 'ALLOWED', actor_id, request_id, entity,
    CASE entity {TO_PUBLIC} ELSE replace(entity_id::text, '-', '') END, coordinates, changes
FROM audit_log_before
"""
GIVE_BACK = """
INSERT INTO audit_log (tenant_id, id, ts, actor_id, action, entity, entity_id, request_id, coordinates, changes)
SELECT tenant_id, id, created_at, actor_id, action, entity, right(entity_id, 32)::uuid, request_id, coordinates, changes
FROM audit_log_after WHERE kind = 'MUTATION' AND outcome IN ('ALLOWED', 'PARTIAL') AND entity IS NOT NULL
    AND coalesce(entity_id, repeat('0', 32)) ~ '[0-9a-f]{32}$'
"""


def upgrade() -> None:
    _set_aside("audit_log_before", "ix_audit_log_tenant_id_ts")
    op.create_table(
        "audit_log",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("action", sa.Text(collation="C"), nullable=False),
        sa.Column("outcome", sa.Text(collation="C"), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("acting_as_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("credential", sa.Text(collation="C"), nullable=True),
        sa.Column("key_name", sa.Text(collation="C"), nullable=True),
        sa.Column("elevation_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("space", sa.Text(collation="C"), nullable=True),
        sa.Column("operation_name", sa.Text(collation="C"), nullable=True),
        sa.Column("document_id", sa.Text(collation="C"), nullable=True),
        sa.Column("request_id", sa.Text(collation="C"), nullable=True),
        sa.Column("address", sa.Text(collation="C"), nullable=True),
        sa.Column("entity", sa.Text(collation="C"), nullable=True),
        sa.Column("entity_id", sa.Text(collation="C"), nullable=True),
        sa.Column("coordinates", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("denials", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("count", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "created_at", "id", name=op.f("pk_audit_log")),
        postgresql_partition_by="RANGE (created_at)",
    )
    for column in INDEXED:
        name = op.f(f"ix_audit_log_tenant_id_{column}_created_at_id")
        op.create_index(name, "audit_log", ["tenant_id", column, "created_at", "id"])
    op.execute("CREATE TABLE audit_log_default PARTITION OF audit_log DEFAULT")
    op.execute("ALTER TABLE audit_log_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(MAKE_MONTHS)
    op.execute(TAKE_OVER)
    op.drop_table("audit_log_before")
    _guard()
    op.execute("CREATE POLICY directory_adds ON audit_log FOR INSERT TO tidegate_directory WITH CHECK (true)")
    op.execute("GRANT INSERT ON audit_log TO tidegate_directory")


def downgrade() -> None:
    op.execute("DROP POLICY directory_adds ON audit_log")
    op.execute("REVOKE INSERT ON audit_log FROM tidegate_directory")
    _set_aside("audit_log_after")
    op.create_table(
        "audit_log",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("action", sa.Text(collation="C"), nullable=False),
        sa.Column("entity", sa.Text(collation="C"), nullable=False),
        sa.Column("entity_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("request_id", sa.Text(collation="C"), nullable=True),
        sa.Column("coordinates", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_tenant_id_ts"), "audit_log", ["tenant_id", "ts"], unique=False)
    op.execute(GIVE_BACK)
    op.execute("DROP TABLE audit_log_after")
    _guard()


def _set_aside(name: str, *indexes: str) -> None:
    """Rename the table and let its owner see all of its rows, to take them over."""
    op.execute("ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE audit_log RENAME CONSTRAINT pk_audit_log TO pk_{name}")
    op.execute(f"ALTER TABLE audit_log RENAME TO {name}")
    for index in indexes:
        op.execute(f"DROP INDEX {index}")


def _guard() -> None:
    op.execute("ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON audit_log USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT ON audit_log TO tidegate_runtime")
