"""Give sessions an id that stays while the hash of their secret changes, and tell of every change but that of use.

Revision: 20261129_1400, after 20261121_1140
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1400"
down_revision = "20261121_1140"
branch_labels = None
depends_on = None

# Being seen is no change of rights: a session is touched all the time. Every other column is, those to come too.
CHANGED = "to_jsonb(OLD) - 'seen_at' IS DISTINCT FROM to_jsonb(NEW) - 'seen_at'"
CHANGED_BEFORE = "OLD.revoked_at IS DISTINCT FROM NEW.revoked_at OR OLD.expires_at <> NEW.expires_at"


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column("id", sa.Uuid(as_uuid=False), server_default=sa.text("gen_random_uuid()"), nullable=False),
    )
    op.create_unique_constraint(op.f("uq_sessions_id"), "sessions", ["id"])
    op.create_table(
        "replaced_sessions",
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reason", sa.Text(collation="C"), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_replaced_sessions_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_replaced_sessions")),
    )
    op.create_index(op.f("ix_replaced_sessions_session_id"), "replaced_sessions", ["session_id"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON replaced_sessions TO tidegate_directory")
    _tell_when(CHANGED)
    op.execute("DROP TRIGGER number_update ON sessions")
    op.execute(
        "CREATE FUNCTION number_session_change() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN "
        "IF EXISTS (SELECT FROM were JOIN are USING (id) "
        "WHERE to_jsonb(were) - 'seen_at' IS DISTINCT FROM to_jsonb(are) - 'seen_at') THEN "
        "UPDATE identity_head SET number = number + 1 RETURNING number INTO n; "
        "PERFORM pg_notify('tidegate_identity', '#' || n); END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER number_update AFTER UPDATE ON sessions REFERENCING OLD TABLE AS were NEW TABLE AS are "
        "FOR EACH STATEMENT EXECUTE FUNCTION number_session_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER number_update ON sessions")
    op.execute("DROP FUNCTION number_session_change()")
    op.execute(
        "CREATE TRIGGER number_update AFTER UPDATE OF revoked_at, expires_at ON sessions "
        "FOR EACH STATEMENT EXECUTE FUNCTION number_identity_change()"
    )
    _tell_when(CHANGED_BEFORE)
    op.drop_table("replaced_sessions")
    op.drop_column("sessions", "id")


def _tell_when(changed: str) -> None:
    op.execute("DROP TRIGGER tell_update ON sessions")
    op.execute(
        f"CREATE TRIGGER tell_update AFTER UPDATE ON sessions "
        f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION tell_sessions_change()"
    )
