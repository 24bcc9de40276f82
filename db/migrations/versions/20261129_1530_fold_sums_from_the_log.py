"""Fold the sums of orders from the log: a writer whose entry says what it changed need not count it once more.

An entry is marked (``tally``) where the triggers do not count its change: whoever writes counts each change once, also
servers of the version before, whose entries are not marked.

Revision: 20261129_1530, after 20261129_1500
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1530"
down_revision = "20261129_1500"
branch_labels = None
depends_on = None

# ruff: noqa: S608  constants made of constants
TENANT = "(SELECT nullif(current_setting('tidegate.tenant', true), '')::uuid)"
QUARTERS = ("00", "15", "30", "45")
ORDERS, TOTALS = ([f"{kind}_{quarter}" for quarter in QUARTERS] for kind in ("orders", "total"))
SUMS = ", ".join((*ORDERS, *TOTALS))
BY_QUARTER = ",\n        ".join(
    f"coalesce(sum({value}) FILTER (WHERE quarter = {place}), 0)" for value in ("orders", "total") for place in range(4)
)
ADDED = ", ".join(f"{name} = h.{name} + excluded.{name}" for name in (*ORDERS, *TOTALS))

FOLD = f"""
CREATE FUNCTION fold_orders(whose uuid, most int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE mark folded_heads; last_seq bigint; last_ts timestamptz;
BEGIN
    INSERT INTO folded_heads (tenant_id, seq, ts) VALUES (whose, 0, '-infinity') ON CONFLICT DO NOTHING;
    SELECT * INTO mark FROM folded_heads WHERE tenant_id = whose FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN 0; END IF;
    SELECT seq, ts INTO last_seq, last_ts FROM (
        SELECT seq, ts FROM event_log WHERE tenant_id = whose AND seq > mark.seq AND ts >= mark.ts
        ORDER BY seq LIMIT most
    ) AS next ORDER BY seq DESC LIMIT 1;
    IF NOT FOUND THEN RETURN 0; END IF;
    INSERT INTO order_hours AS h (tenant_id, hour, currency, status, {SUMS})
    SELECT whose, hour, currency, status,
        {BY_QUARTER}
    FROM (
        SELECT date_trunc('hour', made, 'UTC') AS hour, currency, status,
            extract(minute FROM made AT TIME ZONE 'UTC')::int / 15 AS quarter,
            sum(sign) AS orders, sum(sign * total) AS total
        FROM (
            SELECT i.sign, (i.image->>'created_at')::timestamptz AS made, i.image->>'currency' AS currency,
                i.image->>'status' AS status, (i.image->>'total')::numeric AS total
            FROM event_log AS e, LATERAL (VALUES (1, e.after), (-1, e.before)) AS i (sign, image)
            WHERE e.tenant_id = whose AND e.seq > mark.seq AND e.seq <= last_seq AND e.ts >= mark.ts AND e.ts <= last_ts
                AND e.tally AND i.image ? 'created_at'
        ) AS images GROUP BY 1, 2, 3, 4
    ) AS changes WHERE orders <> 0 OR total <> 0
    GROUP BY hour, currency, status ORDER BY hour, currency, status
    ON CONFLICT (tenant_id, hour, currency, status) DO UPDATE SET {ADDED};
    UPDATE folded_heads SET seq = last_seq, ts = last_ts WHERE tenant_id = whose;
    RETURN last_seq - mark.seq;
END $$
"""
# One at a time: whoever finds another at it leaves it to that one.
EVERY_TENANT = """
DO $$ DECLARE tenant uuid; BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('tidegate.tenant', tenant::text, true);
        {todo};
    END LOOP;
    PERFORM set_config('tidegate.tenant', '', true);
END $$
"""
FROM_HERE = "INSERT INTO folded_heads (tenant_id, seq, ts) SELECT tenant_id, seq, ts FROM event_heads"
ALL = "WHILE fold_orders(tenant, 10000) > 0 LOOP END LOOP"

# A seed counts by the batch (off), a writer by its entries in the log (log); anybody else is counted as it writes.
ON = "coalesce(current_setting('tidegate.tally', true), '') NOT IN ('off', 'log')"
ON_BEFORE = "current_setting('tidegate.tally', true) IS DISTINCT FROM 'off'"
COUNTED = "(o.created_at, o.currency, o.status, o.total)"
CHANGED = f"{COUNTED.replace('o.', 'OLD.')} IS DISTINCT FROM {COUNTED.replace('o.', 'NEW.')}"


def make_triggers(on: str) -> None:
    """In the place of those that are there. (Making one locks writers out until the migration commits.)"""
    for event, when in {"INSERT": on, "UPDATE": f"{on} AND {CHANGED}", "DELETE": on}.items():
        op.execute(f"DROP TRIGGER tally_{event.lower()} ON orders")
        op.execute(
            f"CREATE CONSTRAINT TRIGGER tally_{event.lower()} AFTER {event} ON orders DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION tally_order_change()"
        )


def upgrade() -> None:
    op.add_column("event_log", sa.Column("tally", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "folded_heads",
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_folded_heads")),
    )
    op.execute("ALTER TABLE folded_heads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON folded_heads USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON folded_heads TO tidegate_runtime")
    op.execute(FOLD)
    make_triggers(ON)
    op.execute(EVERY_TENANT.format(todo=FROM_HERE))


def downgrade() -> None:
    op.execute("LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE")
    op.execute(EVERY_TENANT.format(todo=ALL))
    make_triggers(ON_BEFORE)
    op.execute("DROP FUNCTION fold_orders(uuid, int)")
    op.drop_table("folded_heads")
    op.drop_column("event_log", "tally")
