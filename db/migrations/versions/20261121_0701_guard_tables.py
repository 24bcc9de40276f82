"""Guard the tables: two group roles, their grants, and row-level security that binds the owner too.

Revision: 20261121_0701, after 20261121_0700
"""

from alembic import op

revision = "20261121_0701"
down_revision = "20261121_0700"
branch_labels = None
depends_on = None

GROUP_ROLES = ("tidegate_runtime", "tidegate_directory")
DIRECTORY = ("tenants", "users", "roles", "memberships", "sessions")
WRITABLE = ("customers", "customer_terms", "products", "product_terms", "orders", "order_items", "order_terms")
GUARDED = {
    **dict.fromkeys(WRITABLE, "SELECT, INSERT, UPDATE, DELETE"),
    "event_heads": "SELECT, INSERT, UPDATE",
    "event_log": "SELECT, INSERT",
    "audit_log": "SELECT, INSERT",
}
# The scalar subselect makes the setting a parameter that is read once a statement; after a local set it is '' and not
# NULL.
TENANT = "(SELECT nullif(current_setting('tidegate.tenant', true), '')::uuid)"
# Roles belong to the whole cluster: another database, or another process at this very moment, may have made them.
MAKE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOINHERIT NOBYPASSRLS;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the owner may not create roles: let a superuser run CREATE ROLE {role} NOLOGIN NOINHERIT,
        then migrate again'; END $$
"""


def upgrade() -> None:
    for role in GROUP_ROLES:
        op.execute(MAKE_ROLE.format(role=role))
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute("CREATE TABLE event_log_default PARTITION OF event_log DEFAULT")
    op.execute("ALTER TABLE event_log_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for table, rights in GUARDED.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
        op.execute(f"GRANT {rights} ON {table} TO tidegate_runtime")
    op.execute("CREATE POLICY directory_reads_heads ON event_heads FOR SELECT TO tidegate_directory USING (true)")
    op.execute("GRANT SELECT ON event_heads TO tidegate_directory")
    for table in DIRECTORY:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO tidegate_directory")
    op.execute("GRANT SELECT ON alembic_version TO tidegate_directory")


def downgrade() -> None:
    """The group roles stay: they belong to the cluster and hold nothing once the grants are gone."""
    op.execute("REVOKE SELECT ON alembic_version FROM tidegate_directory")
    for table in DIRECTORY:
        op.execute(f"REVOKE ALL ON {table} FROM tidegate_directory")
    op.execute("REVOKE SELECT ON event_heads FROM tidegate_directory")
    op.execute("DROP POLICY directory_reads_heads ON event_heads")
    for table in GUARDED:
        op.execute(f"REVOKE ALL ON {table} FROM tidegate_runtime")
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
    op.execute("DROP TABLE event_log_default")
    for role in GROUP_ROLES:
        op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")
