"""Let a tenant be bound to networks, and tell of it as of any other change of who-may-what.

Revision: 20261129_1740, after 20261129_1730
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261129_1740"
down_revision = "20261129_1730"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("address_lists", JSONB(), server_default="{}", nullable=False))
    op.execute(
        "CREATE FUNCTION tell_tenants_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN PERFORM pg_notify('tidegate_identity', '*'); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER tell_update AFTER UPDATE ON tenants FOR EACH ROW "
        "WHEN (OLD.address_lists IS DISTINCT FROM NEW.address_lists) EXECUTE FUNCTION tell_tenants_change()"
    )
    op.execute(
        "CREATE TRIGGER number_update AFTER UPDATE OF address_lists ON tenants "
        "FOR EACH STATEMENT EXECUTE FUNCTION number_identity_change()"
    )


def downgrade() -> None:
    """Every tenant may be used from anywhere again."""
    op.execute("DROP TRIGGER number_update ON tenants")
    op.execute("DROP TRIGGER tell_update ON tenants")
    op.execute("DROP FUNCTION tell_tenants_change()")
    op.drop_column("tenants", "address_lists")
