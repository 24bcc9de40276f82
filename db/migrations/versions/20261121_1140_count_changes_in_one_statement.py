"""Count a change of an order in one statement that touches one quarter of the hour: it runs under the tenant's lock.

Revision: 20261121_1140, after 20261121_1130
"""

from alembic import op

revision = "20261121_1140"
down_revision = "20261121_1130"
branch_labels = None
depends_on = None

# ruff: noqa: S608  constants made of constants
QUARTERS = ("00", "15", "30", "45")
HOUR = "date_trunc('hour', {row}.created_at, 'UTC')"
QUARTER = "extract(minute FROM {row}.created_at AT TIME ZONE 'UTC')::int / 15"


def counted(row: str, sign: str) -> str:
    """The row that an order adds to the sums."""
    hour = HOUR.format(row=row)
    return f"({row}.tenant_id, {hour}, {row}.currency, {row}.status, {sign}, {sign} * {row}.total::numeric)"


def by_quarter(row: str, *rows: str) -> str:
    """The statement for the quarter that the order was made in, chosen of four."""
    cases = "\n".join(
        f"""WHEN {place} THEN
        INSERT INTO order_hours AS h (tenant_id, hour, currency, status, orders_{quarter}, total_{quarter})
        VALUES {", ".join(rows)} ON CONFLICT (tenant_id, hour, currency, status) DO UPDATE
        SET orders_{quarter} = h.orders_{quarter} + excluded.orders_{quarter},
            total_{quarter} = h.total_{quarter} + excluded.total_{quarter};"""
        for place, quarter in enumerate(QUARTERS)
    )
    return f"CASE {QUARTER.format(row=row)}\n{cases}\nEND CASE;"


TALLY_ORDER = f"""
CREATE OR REPLACE FUNCTION tally_order(o orders, sign int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
{by_quarter("o", counted("o", "sign"))}
END $$
"""
TALLY_CHANGE = f"""
CREATE OR REPLACE FUNCTION tally_order_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status <> NEW.status
        AND OLD.created_at = NEW.created_at AND OLD.currency = NEW.currency THEN
        {by_quarter("NEW", counted("OLD", "-1"), counted("NEW", "1"))}
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN PERFORM tally_order(OLD, -1); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM tally_order(NEW, 1); END IF;
    RETURN NULL;
END $$
"""

# As they were before.
NAMES = [f"{kind}_{quarter}" for kind in ("orders", "total") for quarter in QUARTERS]
TALLY_ORDER_BEFORE = f"""
CREATE OR REPLACE FUNCTION tally_order(o orders, sign int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO order_hours AS h (tenant_id, hour, currency, status, {", ".join(NAMES)})
    SELECT o.tenant_id, {HOUR.format(row="o")}, o.currency, o.status,
        {", ".join(f"CASE WHEN q = {place} THEN sign ELSE 0 END" for place in range(4))},
        {", ".join(f"CASE WHEN q = {place} THEN sign * o.total::numeric ELSE 0 END" for place in range(4))}
    FROM (SELECT {QUARTER.format(row="o")} AS q) AS quarter
    ON CONFLICT (tenant_id, hour, currency, status)
    DO UPDATE SET {", ".join(f"{name} = h.{name} + excluded.{name}" for name in NAMES)};
END $$
"""
TALLY_CHANGE_BEFORE = """
CREATE OR REPLACE FUNCTION tally_order_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM tally_order(OLD, -1); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM tally_order(NEW, 1); END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(TALLY_ORDER)
    op.execute(TALLY_CHANGE)


def downgrade() -> None:
    op.execute(TALLY_CHANGE_BEFORE)
    op.execute(TALLY_ORDER_BEFORE)
