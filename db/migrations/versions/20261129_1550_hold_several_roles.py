"""Let a member hold several roles, and a role reach fewer rows than all; every tenant gets the role support.

Revision: 20261129_1550, after 20261129_1540
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1550"
down_revision = "20261129_1540"
branch_labels = None
depends_on = None

SUPPORT = "{orders:read,customers:read,customers:masked,products:read,streams:read}"
# A member that was made by this very transaction is nobody yet whose rights could change, and many may be made at once.
TELL = """
CREATE FUNCTION tell_member_roles_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE who uuid; n bigint; BEGIN
    FOR who IN
        SELECT DISTINCT c.user_id FROM changed c JOIN memberships m USING (tenant_id, user_id)
        WHERE m.xmin <> pg_current_xact_id()::xid
    LOOP
        PERFORM pg_notify('tidegate_identity', replace(who::text, '-', ''));
    END LOOP;
    IF FOUND THEN
        UPDATE identity_head SET number = number + 1 RETURNING number INTO n;
        PERFORM pg_notify('tidegate_identity', '#' || n);
    END IF;
    RETURN NULL;
END $$
"""
EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


def upgrade() -> None:
    op.add_column("roles", sa.Column("scope", sa.Text(collation="C"), server_default="ALL", nullable=False))
    op.add_column("roles", sa.Column("description", sa.Text(collation="C"), nullable=True))
    op.create_check_constraint(op.f("ck_roles_scope_known"), "roles", "scope IN ('ALL', 'ASSIGNED', 'OWN')")
    op.create_table(
        "member_roles",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["memberships.tenant_id", "memberships.user_id"],
            name=op.f("fk_member_roles_tenant_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role"], ["roles.tenant_id", "roles.name"], name=op.f("fk_member_roles_tenant_id_role")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "role", name=op.f("pk_member_roles")),
    )
    op.execute("INSERT INTO member_roles SELECT tenant_id, user_id, role FROM memberships")
    op.create_index(
        op.f("ix_member_roles_tenant_id_role_user_id"), "member_roles", ["tenant_id", "role", "user_id"], unique=False
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON member_roles TO tidegate_directory")
    op.drop_column("memberships", "role")
    op.execute(TELL)
    for event, rows in EVENTS.items():
        op.execute(
            f"CREATE TRIGGER tell_{event.lower()} AFTER {event} ON member_roles REFERENCING {rows} TABLE AS changed "
            "FOR EACH STATEMENT EXECUTE FUNCTION tell_member_roles_change()"
        )
    op.execute(
        "INSERT INTO roles (tenant_id, name, permissions, system, created_at, updated_at) "  # noqa: S608  constants
        f"SELECT id, 'support', '{SUPPORT}', true, now(), now() FROM tenants ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    """Of several roles the first by name stays."""
    op.add_column("memberships", sa.Column("role", sa.Text(collation="C"), nullable=True))
    op.execute(
        "UPDATE memberships m SET role = (SELECT min(r.role) FROM member_roles r "
        "WHERE r.tenant_id = m.tenant_id AND r.user_id = m.user_id)"
    )
    op.execute("DELETE FROM memberships WHERE role IS NULL")
    op.drop_table("member_roles")
    op.execute("DROP FUNCTION tell_member_roles_change()")
    op.alter_column("memberships", "role", nullable=False)
    op.create_foreign_key(
        op.f("fk_memberships_tenant_id_role"), "memberships", "roles", ["tenant_id", "role"], ["tenant_id", "name"]
    )
    op.drop_constraint(op.f("ck_roles_scope_known"), "roles")
    op.drop_column("roles", "description")
    op.drop_column("roles", "scope")
