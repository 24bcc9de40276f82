"""Keep sums of orders by the hour: the table, the triggers that keep it whoever writes, and the orders that are there.

Writers wait while the sums of the present orders are made. Servers of the version before go on working: the triggers
keep the table for them too.

Revision: 20261121_1120, after 20261121_1110
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_1120"
down_revision = "20261121_1110"
branch_labels = None
depends_on = None

# ruff: noqa: S608  constants made of constants
TENANT = "(SELECT nullif(current_setting('tidegate.tenant', true), '')::uuid)"
QUARTERS = ("00", "15", "30", "45")
ORDERS, TOTALS = ([f"{kind}_{quarter}" for quarter in QUARTERS] for kind in ("orders", "total"))
COLUMNS = ", ".join((*ORDERS, *TOTALS))
HOUR = "date_trunc('hour', o.created_at, 'UTC')"
QUARTER = "extract(minute FROM o.created_at AT TIME ZONE 'UTC')::int / 15"
ADDED = ", ".join(f"{name} = h.{name} + excluded.{name}" for name in (*ORDERS, *TOTALS))

TALLY_ORDER = f"""
CREATE FUNCTION tally_order(o orders, sign int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO order_hours AS h (tenant_id, hour, currency, status, {COLUMNS})
    SELECT o.tenant_id, {HOUR}, o.currency, o.status,
        {", ".join(f"CASE WHEN q = {place} THEN sign ELSE 0 END" for place in range(4))},
        {", ".join(f"CASE WHEN q = {place} THEN sign * o.total::numeric ELSE 0 END" for place in range(4))}
    FROM (SELECT {QUARTER} AS q) AS quarter
    ON CONFLICT (tenant_id, hour, currency, status) DO UPDATE SET {ADDED};
END $$
"""
TALLY_CHANGE = """
CREATE FUNCTION tally_order_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM tally_order(OLD, -1); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM tally_order(NEW, 1); END IF;
    RETURN NULL;
END $$
"""
# A seed switches them off, and adds its orders up by the batch.
ON = "current_setting('tidegate.tally', true) IS DISTINCT FROM 'off'"
COUNTED = "(o.created_at, o.currency, o.status, o.total)"
CHANGED = f"{COUNTED.replace('o.', 'OLD.')} IS DISTINCT FROM {COUNTED.replace('o.', 'NEW.')}"
WHEN = {"INSERT": ON, "UPDATE": f"{ON} AND {CHANGED}", "DELETE": ON}
FILL = f"""
DO $$ DECLARE tenant uuid; counted bigint; present bigint; BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('tidegate.tenant', tenant::text, true);
        INSERT INTO order_hours (tenant_id, hour, currency, status, {COLUMNS})
        SELECT o.tenant_id, {HOUR}, o.currency, o.status,
            {", ".join(f"count(*) FILTER (WHERE {QUARTER} = {place})" for place in range(4))},
            {", ".join(f"coalesce(sum(o.total) FILTER (WHERE {QUARTER} = {place}), 0)" for place in range(4))}
        FROM orders o WHERE o.tenant_id = tenant GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4;
        SELECT coalesce(sum({" + ".join(ORDERS)}), 0) INTO counted FROM order_hours WHERE tenant_id = tenant;
        SELECT count(*) INTO present FROM orders WHERE tenant_id = tenant;
        IF counted <> present THEN
            RAISE EXCEPTION '% of % orders of tenant % are counted', counted, present, tenant;
        END IF;
    END LOOP;
    PERFORM set_config('tidegate.tenant', '', true);
END $$
"""


def upgrade() -> None:
    op.create_table(
        "order_hours",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(collation="C"), nullable=False),
        sa.Column("status", sa.Text(collation="C"), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in ORDERS),
        *(sa.Column(name, sa.Numeric(), server_default="0", nullable=False) for name in TOTALS),
        sa.PrimaryKeyConstraint("tenant_id", "hour", "currency", "status", name=op.f("pk_order_hours")),
        postgresql_with={"fillfactor": "70"},
    )
    op.execute("ALTER TABLE order_hours ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON order_hours USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON order_hours TO tidegate_runtime")
    op.execute(TALLY_ORDER)
    op.execute(TALLY_CHANGE)
    # Deferred: the rows that every writer of a tenant touches are locked when the head of its log is already, and no
    # longer than it. (Making a trigger locks writers out until the migration commits.)
    for event, when in WHEN.items():
        op.execute(
            f"CREATE CONSTRAINT TRIGGER tally_{event.lower()} AFTER {event} ON orders DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION tally_order_change()"
        )
    op.execute(FILL)


def downgrade() -> None:
    for event in WHEN:
        op.execute(f"DROP TRIGGER tally_{event.lower()} ON orders")
    op.execute("DROP FUNCTION tally_order_change()")
    op.execute("DROP FUNCTION tally_order(orders, int)")
    op.drop_table("order_hours")
