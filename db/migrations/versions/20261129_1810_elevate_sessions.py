"""Let roles say what their members may elevate to, and sessions be elevated for a while.

Revision: 20261129_1810, after 20261129_1800
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1810"
down_revision = "20261129_1800"
branch_labels = None
depends_on = None

ELEVATABLE = {"admin": "{users:impersonate}", "support": "{customers:pii,users:impersonate}"}
COLUMNS = (
    ("authenticated_at", sa.DateTime(timezone=True)),
    ("elevation_id", sa.Uuid(as_uuid=False)),
    ("elevation_tenant_id", sa.Uuid(as_uuid=False)),
    ("elevation_scopes", sa.ARRAY(sa.Text())),
    ("elevated_until", sa.DateTime(timezone=True)),
    ("acting_as_id", sa.Uuid(as_uuid=False)),
)
WHOLE = "num_nulls(elevation_id, elevation_tenant_id, elevation_scopes, elevated_until) IN (0, 4)"


def upgrade() -> None:
    """Nobody's sign-in before this counts as fresh."""
    op.add_column("roles", sa.Column("elevatable", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    for name, grants in ELEVATABLE.items():
        op.execute(f"UPDATE roles SET elevatable = '{grants}' WHERE name = '{name}' AND system")  # noqa: S608  constants
    for name, kind in COLUMNS:
        op.add_column("sessions", sa.Column(name, kind, nullable=True))
    op.create_check_constraint(op.f("ck_sessions_elevation_whole"), "sessions", WHOLE)


def downgrade() -> None:
    """Whoever is elevated has what its roles grant."""
    op.drop_constraint(op.f("ck_sessions_elevation_whole"), "sessions")
    for name, _ in reversed(COLUMNS):
        op.drop_column("sessions", name)
    op.drop_column("roles", "elevatable")
