"""Add API keys, and tell of their changes as of any other of who-may-what.

Revision: 20261121_1130, after 20261121_1120
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1130"
down_revision = "20261121_1120"
branch_labels = None
depends_on = None

# Being used is no change of rights.
COUNTED = "revoked_at, expires_at, permissions, networks"
CHANGED = " OR ".join(f"OLD.{column.strip()} IS DISTINCT FROM NEW.{column.strip()}" for column in COUNTED.split(","))


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("maker_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("label", sa.Text(collation="C"), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("networks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_keys_tenant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["maker_id"], ["users.id"], name=op.f("fk_api_keys_maker_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_tenant_id_name"), "api_keys", ["tenant_id", "name"], unique=False)
    op.create_index(op.f("ix_api_keys_maker_id"), "api_keys", ["maker_id"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO tidegate_directory")
    op.execute(
        "CREATE FUNCTION tell_api_keys_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN PERFORM pg_notify('tidegate_identity', replace(OLD.maker_id::text, '-', '')); RETURN NULL; END $$"
    )
    for event, when in (("UPDATE", f"WHEN ({CHANGED})"), ("DELETE", "")):
        op.execute(
            f"CREATE TRIGGER tell_{event.lower()} AFTER {event} ON api_keys "
            f"FOR EACH ROW {when} EXECUTE FUNCTION tell_api_keys_change()"
        )
    for name, event in (("update", f"UPDATE OF {COUNTED}"), ("delete", "DELETE")):
        op.execute(
            f"CREATE TRIGGER number_{name} AFTER {event} ON api_keys "
            "FOR EACH STATEMENT EXECUTE FUNCTION number_identity_change()"
        )


def downgrade() -> None:
    op.drop_table("api_keys")
    op.execute("DROP FUNCTION tell_api_keys_change()")
