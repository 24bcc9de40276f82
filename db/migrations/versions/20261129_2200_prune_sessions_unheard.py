"""Tell nobody when a session goes that was over for long (``db/migrations/prune.py``): nobody's rights follow from it.

Revision: 20261129_2200, after 20261129_2231
"""

from alembic import op

revision = "20261129_2200"
down_revision = "20261129_2231"
branch_labels = None
depends_on = None

HEARD = "WHEN (current_setting('tidegate.pruning', true) IS DISTINCT FROM 'on') "


def upgrade() -> None:
    _tell(HEARD)


def downgrade() -> None:
    _tell("")


def _tell(when: str) -> None:
    for name, each in (
        ("tell_delete", f"FOR EACH ROW {when}EXECUTE FUNCTION tell_sessions_change()"),
        ("number_delete", f"FOR EACH STATEMENT {when}EXECUTE FUNCTION number_identity_change()"),
    ):
        op.execute(f"DROP TRIGGER {name} ON sessions")
        op.execute(f"CREATE TRIGGER {name} AFTER DELETE ON sessions {each}")
