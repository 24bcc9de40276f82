"""Number the changes of who-may-what, and give users a number for their credentials.

The number stands in one row, raised last in each changing statement: so numbers are in commit order, and whoever reads
the log in the same snapshot learns which changes were committed before the events that it reads.

Revision: 20261121_1000, after 20261121_0810
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1000"
down_revision = "20261121_0810"
branch_labels = None
depends_on = None

# What of a table counts; being seen is no change of rights.
COUNTED = {
    "users": "UPDATE",
    "memberships": "UPDATE",
    "roles": "UPDATE",
    "sessions": "UPDATE OF revoked_at, expires_at",
}


def upgrade() -> None:
    op.add_column("users", sa.Column("credentials_version", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "identity_head",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_identity_head_number_not_negative")),
    )
    op.execute("INSERT INTO identity_head VALUES (0)")
    op.execute("GRANT SELECT, UPDATE ON identity_head TO tidegate_directory")
    op.execute("GRANT SELECT ON identity_head TO tidegate_runtime")
    op.execute(
        "CREATE FUNCTION number_identity_change() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n bigint; "
        "BEGIN UPDATE identity_head SET number = number + 1 RETURNING number INTO n; "
        "PERFORM pg_notify('tidegate_identity', '#' || n); RETURN NULL; END $$"
    )
    for table, update in COUNTED.items():
        for name, event in (("update", update), ("delete", "DELETE")):
            op.execute(
                f"CREATE TRIGGER number_{name} AFTER {event} ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION number_identity_change()"
            )


def downgrade() -> None:
    for table in COUNTED:
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER number_{event} ON {table}")
    op.execute("DROP FUNCTION number_identity_change()")
    op.drop_table("identity_head")
    op.drop_column("users", "credentials_version")
