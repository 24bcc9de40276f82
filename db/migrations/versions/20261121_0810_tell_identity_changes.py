"""Tell every process when who-may-what changes, whoever changes it: the caches of callers live by it.

Revision: 20261121_0810, after 20261121_0701
"""

from alembic import op

revision = "20261121_0810"
down_revision = "20261121_0701"
branch_labels = None
depends_on = None

CHANNEL = "tidegate_identity"
# Which column of the row names the user; a role concerns many, told as "*".
TOLD_OF = {"users": "id", "memberships": "user_id", "sessions": "user_id", "roles": None}
# Being seen is no change of rights: a session is touched all the time.
WHEN = {"sessions": "WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at OR OLD.expires_at <> NEW.expires_at)"}


def upgrade() -> None:
    for table, column in TOLD_OF.items():
        told = "'*'" if column is None else f"replace(OLD.{column}::text, '-', '')"
        op.execute(
            f"CREATE FUNCTION tell_{table}_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN PERFORM pg_notify('{CHANNEL}', {told}); RETURN NULL; END $$"
        )
        for event, when in (("UPDATE", WHEN.get(table, "")), ("DELETE", "")):
            op.execute(
                f"CREATE TRIGGER tell_{event.lower()} AFTER {event} ON {table} "
                f"FOR EACH ROW {when} EXECUTE FUNCTION tell_{table}_change()"
            )


def downgrade() -> None:
    for table in TOLD_OF:
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER tell_{event} ON {table}")
        op.execute(f"DROP FUNCTION tell_{table}_change()")
