"""Tell of a key that is bound to other documents, as of any other change of what a caller may do.

Revision: 20261129_2232, after 20261129_2200
"""

from alembic import op

revision = "20261129_2232"
down_revision = "20261129_2200"
branch_labels = None
depends_on = None

BEFORE = ("revoked_at", "expires_at", "permissions", "networks")
AFTER = (*BEFORE, "documents")


def _tell_of(columns: tuple[str, ...]) -> None:
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    op.execute("DROP TRIGGER tell_update ON api_keys")
    op.execute("DROP TRIGGER number_update ON api_keys")
    op.execute(
        f"CREATE TRIGGER tell_update AFTER UPDATE ON api_keys FOR EACH ROW WHEN ({changed}) "
        "EXECUTE FUNCTION tell_api_keys_change()"
    )
    op.execute(
        f"CREATE TRIGGER number_update AFTER UPDATE OF {', '.join(columns)} ON api_keys "
        "FOR EACH STATEMENT EXECUTE FUNCTION number_identity_change()"
    )


def upgrade() -> None:
    _tell_of(AFTER)


def downgrade() -> None:
    _tell_of(BEFORE)
